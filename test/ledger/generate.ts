import { encodeMessage, type Message, type MessageInput } from '@redqueen/contract';
import { randomOf, type Random } from '@redqueen/core';
import type { LedgerEntry, LedgerSource } from '../../services/reward-aggregator/src/audit/index.ts';
import { Refold } from '../../services/reward-aggregator/src/audit/refold.ts';
import { inOrder, recordWith, released, start, type Plan } from '../../services/reward-aggregator/src/test-support.ts';

const agents = ['executor/0', 'proposer/0', 'verifier/0', 'world-model/0'];
/** Slots between two releases of an agent's next version. */
const slotsPerVersion = 12;

function planOf(random: Random, version: number): Plan {
  const outcomes = Array.from({ length: 4 + random.integer(5) }, () => (random.uniform() < 0.05 ? 'void' : random.uniform() < 0.4 ? 1 : 0));
  const accuracies = Array.from({ length: 1 + random.integer(2) }, () => [random.integer(3) / 2, random.integer(3) / 2]);
  return {
    proposal: random.uniform() < 0.8 ? 'valid' : random.uniform() < 0.8 ? 'malformed' : 'held-out',
    outcomes: outcomes as Plan['outcomes'],
    confidences: [0.05 + 0.9 * random.uniform(), 0.05 + 0.9 * random.uniform()],
    repetition: random.uniform(),
    predictions: accuracies,
    // Now and then what a process still had in hand: sampled by the version before.
    version: Math.max(0, version - (random.uniform() < 0.1 ? 1 : 0)),
  };
}

/** What the other roles tell, without end: slots with their proposals, attempts, verdicts and predictions, late and repeated messages, released versions. */
function* inputs(seed: number): Generator<Message> {
  yield* start();
  for (let slot = 0; ; slot++) {
    const random = randomOf('ledger', seed, slot);
    const version = Math.floor(slot / slotsPerVersion);
    if (slot > 0 && slot % slotsPerVersion === 0) for (const agent of agents) yield released(agent, version);
    const told = inOrder(
      `${slot}.0`,
      Array.from({ length: 4 }, () => planOf(random, version)),
    );
    yield* told;
    if (random.uniform() < 0.2) yield told[random.integer(told.length)] as Message;
  }
}

/** A ledger of so many events, as a run leaves it: what the aggregator tells stands a little after what it follows from. The same for the same seed. */
export function generateLedger(events: number, seed: number): LedgerSource & { readonly stored: readonly LedgerEntry[] } {
  const record = recordWith();
  const refold = new Refold({ record });
  const stored: LedgerEntry[] = [];
  const waiting: MessageInput[] = [];
  const random = randomOf('ledger order', seed);
  const store = (message: MessageInput): void => {
    const entry = { sequence: stored.length + 1, bytes: encodeMessage(message) };
    stored.push(entry);
    waiting.push(...refold.add(entry).told);
  };
  for (const message of inputs(seed)) {
    store(message as MessageInput);
    while (waiting.length > 0 && random.uniform() < 0.8) store(waiting.shift() as MessageInput);
    if (stored.length >= events) break;
  }
  return {
    record,
    stored: stored.slice(0, events),
    async *entries() {
      yield* stored.slice(0, events);
    },
  };
}
