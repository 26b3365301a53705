import type { Message, MessageInput } from '@redqueen/contract';
import { randomOf } from '@redqueen/core';
import {
  HeadFile,
  headFileOf,
  LedgerDamage,
  silentLogger,
  startActor,
  systemClock,
  systemIds,
  type ActorHost,
  type Bus,
} from '@redqueen/runtime';
import { createAggregatorActor, witnessOf } from '../../../services/reward-aggregator/src/actor.ts';
import type { LedgerEntry, LedgerSource } from '../../../services/reward-aggregator/src/audit/index.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import { inOrder, messageFrom, recordWith, run, start, type Plan } from '../../../services/reward-aggregator/src/test-support.ts';

export { run };
/** The run whose ledger is damaged. */
export const record = recordWith();

const plan: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3], predictions: [[1, 0]] };
const plans: Plan[] = [plan, { ...plan, proposal: 'malformed' }, { ...plan, outcomes: [0, 0, 0, 1] }, plan];

/** A message that is about nothing, of so many bytes: a store of several files needs many. */
function filler(slot: number, bytes: number): Message[] {
  if (bytes === 0) return [];
  const by = Buffer.from(randomOf('filler', slot).uniform().toString()).toString('hex');
  const told = { kind: 'knob', body: { name: 'none', value: slot, by: by.repeat(Math.ceil(bytes / by.length)) } } as const;
  return [messageFrom('gateway/0', told, `filler.${slot}`, 'policy/0')];
}

/** What the other roles tell in so many slots; with `fill`, a message of so many bytes after each. */
export function storyOf(slots: number, fill = 0): Message[] {
  const told = (slot: number): Message[] => [...inOrder(`${slot}.0`, plans), ...filler(slot, fill)];
  return [...start(), ...Array.from({ length: slots }, (_, slot) => told(slot)).flat()];
}

/** The aggregator at work over a bus and a data folder. */
export interface Aggregator {
  readonly host: ActorHost;
  /** Resolves once it has come so far in the stream; rejects with the damage that it finds, or where it ended. */
  reached(sequence: number): Promise<void>;
  /** Ends it without a last snapshot, as a kill does. */
  kill(): Promise<void>;
}

/** Starts the aggregator; a snapshot is taken after every `snapshotMessages`. */
export async function startAggregator(bus: Bus, folder: string, snapshotMessages: number): Promise<Aggregator> {
  const head = new HeadFile(headFileOf(folder, run), { clock: systemClock, logger: silentLogger });
  const damage = Promise.withResolvers<never>();
  damage.promise.catch(() => undefined);
  const actor = createAggregatorActor(rulesOf(record), silentLogger, witnessOf(head, record));
  const host = await startActor(actor, {
    bus,
    run,
    runSeed: record.seed,
    clock: systemClock,
    ids: systemIds,
    logger: silentLogger,
    settings: { leaseMs: 1000, snapshotMessages, snapshotMs: 3_600_000 },
    onDamage: (found) => damage.reject(found),
  });
  return {
    host: host as ActorHost,
    async reached(sequence) {
      // Its place is a number that nobody announces: a snapshot may hold it already, so that no message tells of it.
      while (host.status().sequence < sequence) await Promise.race([damage.promise, systemClock.sleep(5)]);
    },
    async kill() {
      await host.close();
      head.close();
    },
  };
}

/** Publishes messages in order. */
export async function publishAll(bus: Bus, messages: readonly Message[]): Promise<void> {
  await Promise.all(messages.map((message) => bus.publish(message as MessageInput)));
}

/** The ledger of a bus as an audit reads it; `most` messages of it. */
export function sourceOf(bus: Bus, head: LedgerSource['head'], most = Number.POSITIVE_INFINITY): LedgerSource {
  async function* entries(): AsyncGenerator<LedgerEntry> {
    const unreadable: LedgerEntry[] = [];
    const onUnreadable = (sequence: number, _reason: string, bytes: Uint8Array): void => void unreadable.push({ sequence, bytes });
    for await (const stored of bus.read(run, { from: 1, follow: false, onUnreadable })) {
      for (const entry of [...unreadable.splice(0), stored]) if (entry.sequence <= most) yield entry;
    }
  }
  return { record, head, entries };
}

/** Whether an error names the damage of a ledger or of its store, and where. */
export function isNamed(error: unknown): boolean {
  return error instanceof LedgerDamage || (error instanceof Error && 'code' in error && error.code === 'data_loss');
}
