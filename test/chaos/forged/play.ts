import type { Message, MessageInput } from '@redqueen/contract';
import { encodeRunRecord, type RunRecord } from '@redqueen/core';
import { createRewardAggregator } from '@redqueen/reward-aggregator';
import { createLogger, loadConfig, runBucket, serviceNames, startService, type Bus, type Logger } from '@redqueen/runtime';
import { temporaryFolder } from '@redqueen/testkit';
import type { Refusal } from '../../../services/reward-aggregator/src/fold/work.ts';

/** What a run left behind. */
export interface Played {
  /** Its stream, up to the last settlement that was waited for. */
  readonly stream: readonly Message[];
  /** Refusals that the aggregator logged, by message. */
  readonly logged: ReadonlyMap<string, readonly Refusal[]>;
}

/** A logger that keeps the refusals of the aggregator as they are written. */
function keepingRefusals(): { readonly logger: Logger; readonly logged: Map<string, readonly Refusal[]> } {
  const logged = new Map<string, readonly Refusal[]>();
  const write = (line: string): void => {
    const { message, refusals } = JSON.parse(line) as { message?: string; refusals?: readonly Refusal[] };
    if (message !== undefined && refusals) logged.set(message, refusals);
  };
  return { logger: createLogger({ level: 'info', destination: { write } }), logged };
}

async function upTo(bus: Bus, run: string, settlements: number): Promise<Message[]> {
  const stream: Message[] = [];
  let settled = 0;
  for await (const { message } of bus.read(run, { from: 1, follow: true })) {
    stream.push(message);
    if (message.kind === 'settlement') settled += 1;
    if (settled === settlements) break;
  }
  return stream;
}

/** Tells the messages on the run's stream while the aggregator service is at work, and waits for that many settlements. */
export async function playOver(bus: Bus, record: RunRecord, messages: readonly Message[], settlements: number): Promise<Played> {
  using folder = temporaryFolder();
  const ports = Object.fromEntries(serviceNames.map((name) => [`services.${name}.port`, 0]));
  const { config } = loadConfig({ environment: {}, flags: { ...ports, dataDir: folder.path } });
  const { logger, logged } = keepingRefusals();
  await bus.openRun(record.run);
  await (await bus.keyValue(runBucket)).create(record.run, Buffer.from(encodeRunRecord(record)));
  const service = await startService('reward-aggregator', createRewardAggregator, { config, bus, logger });
  try {
    await service.serving;
    for (const message of messages) await bus.publish(message as MessageInput);
    return { stream: await upTo(bus, record.run, settlements), logged };
  } finally {
    await service.stop();
  }
}
