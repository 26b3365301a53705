import { DeliverPolicy, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import { decodeMessage, mailboxSubject, runSubject, streamOf } from '@redqueen/contract';
import type { Clock } from '@redqueen/core';
import { LedgerDamage, messageRange } from '../../ledger/damage.ts';
import type { Logger } from '../../log/logger.ts';
import type { ReadOptions, StoredMessage } from '../port.ts';
import type { ConnectionEvents } from './connection-events.ts';
import { natsError, natsRepeated } from './errors.ts';
import type { StreamParts } from './streams.ts';

const prefetch = 512;
const restartAfterMs = 250;
const startWithinMs = 15_000;
const lookAgainMs = 5000;

/**
 * Sequence of the newest message of a run; 0 where there is none. A ledger holds every message up to it: throws {@link LedgerDamage} where the server
 * says that it lacks some, as it does after a start on a damaged file.
 */
export async function lastSequenceOf({ manager, clock }: StreamParts, run: string): Promise<number> {
  const { state } = await natsRepeated(clock, `read run ${run}`, () => manager.streams.info(streamOf(run)));
  if (state.messages === state.last_seq) return state.last_seq;
  const first = state.first_seq > 1 ? 1 : await firstMissing({ manager, clock }, run);
  throw new LedgerDamage(
    run,
    first,
    `${state.last_seq - state.messages} of the ${state.last_seq} messages that NATS knows of missing, message ${first} first`,
  );
}

async function firstMissing({ manager, clock }: StreamParts, run: string): Promise<number> {
  const { state } = await natsRepeated(clock, `read run ${run}`, () => manager.streams.info(streamOf(run), { deleted_details: true }));
  return Math.min(...(state.deleted ?? []), state.last_seq);
}

/** What reading needs of the bus. */
export interface ReaderParts {
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly events: ConnectionEvents;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** When a message of an imported run was first stored, milliseconds since the epoch. */
export const storedAtHeader = 'Redqueen-Stored-At';

/** When a message was stored, milliseconds since the epoch; for one of an imported run, when it first was. */
export function storedAtOf(message: JsMsg): number {
  const first = message.headers?.get(storedAtHeader);
  return first ? Number(first) : Math.round(message.info.timestampNanos / 1e6);
}

/** Reads a run's stream in order, leaving out what cannot be read. */
export async function* readRun(parts: ReaderParts, run: string, options: ReadOptions): AsyncGenerator<StoredMessage> {
  for await (const message of rawMessages(parts, run, options)) {
    const stored = decode(message, run, options, parts.logger);
    if (stored) yield stored;
  }
}

/**
 * The messages of a run's stream in order, as they are. An ordered consumer lives in this process and in the server's memory: after a reconnect it is made
 * anew from where the reader is (left to itself, the client waits for up to a whole pull before it notices).
 */
export async function* rawMessages(parts: ReaderParts, run: string, options: ReadOptions): AsyncGenerator<JsMsg> {
  const last = options.follow ? Number.POSITIVE_INFINITY : await lastSequenceOf(parts, run);
  let next = Math.max(1, options.from);
  let started = false;
  // A leader may be being elected.
  const startBy = parts.clock.now() + startWithinMs;
  while (next <= last && !options.signal?.aborted) {
    try {
      if (started) await requireStillThere(parts, run, next - 1);
      for await (const message of orderedMessages(parts, run, { ...options, from: next })) {
        started = true;
        next = message.seq + 1;
        if (message.seq <= last) yield message;
        if (next > last || (!options.follow && message.info.pending === 0)) break;
      }
      if (next > last || (!options.follow && !(await isMoreThere(parts, run, next, options)))) return;
    } catch (reason) {
      const failure = natsError(reason, `read run ${run}`);
      if (failure.code === 'cancelled') return;
      if (!failure.retryable || (!started && parts.clock.now() >= startBy)) throw failure;
      parts.logger.warn({ err: failure }, 'reading interrupted, going on');
      await parts.clock.sleep(restartAfterMs, options.signal).catch(() => undefined);
    }
  }
}

/** A server that comes back may have lost what this reader has read already, and would give the numbers to other messages. */
async function requireStillThere(parts: StreamParts, run: string, read: number): Promise<void> {
  const last = await lastSequenceOf(parts, run);
  if (last < read)
    throw new LedgerDamage(run, last + 1, `${messageRange(last + 1, read)} missing from the store, although they were read from it`);
}

/**
 * Whether the stream's leader has a wanted message from a sequence on. The consumer lives on any one server, which may be behind: where it sees nothing
 * more, there may be more.
 */
async function isMoreThere({ manager, clock }: ReaderParts, run: string, next: number, { to }: ReadOptions): Promise<boolean> {
  const query = { seq: next, next_by_subj: to ? mailboxSubject(run, to) : runSubject(run) };
  return (await natsRepeated(clock, `read run ${run}`, () => manager.streams.getMessage(streamOf(run), query as never))) !== null;
}

/** Stored messages come at once. Whoever has not come to the end by then looks again: a consumer that was made anew may have nothing left to send. */
async function endWhenSilent(clock: Clock, stop: () => void, ended: AbortSignal): Promise<void> {
  await clock.sleep(lookAgainMs, ended).then(stop, () => undefined);
}

/** Messages from a sequence on, until the connection was lost and restored, the signal aborts, or nothing is to come. */
async function* orderedMessages(parts: ReaderParts, run: string, options: ReadOptions): AsyncGenerator<JsMsg> {
  const consumer = await parts.stream.consumers.get(streamOf(run), {
    filter_subjects: options.to ? mailboxSubject(run, options.to) : runSubject(run),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: options.from,
    inactive_threshold: 60_000,
  });
  try {
    if (!options.follow && (await consumer.info(true)).num_pending === 0) return;
    const messages = await consumer.consume({ max_messages: prefetch, expires: 20_000, idle_heartbeat: 5000 });
    const stop = () => void messages.close();
    const ended = new AbortController();
    const forget = parts.events.listen((event) => event === 'restored' && stop());
    options.signal?.addEventListener('abort', stop, { once: true });
    try {
      if (!options.follow) void endWhenSilent(parts.clock, stop, ended.signal);
      if (!options.signal?.aborted) yield* messages;
    } finally {
      ended.abort();
      forget();
      options.signal?.removeEventListener('abort', stop);
      stop();
    }
  } finally {
    // Its inactivity limit removes it as well, should the server be away.
    void consumer.delete().catch(() => false);
  }
}

function decode(message: JsMsg, run: string, options: ReadOptions, logger: Logger): StoredMessage | undefined {
  try {
    return { message: decodeMessage(message.data), bytes: message.data, sequence: message.seq, storedAt: storedAtOf(message) };
  } catch (reason) {
    logger.warn({ run, sequence: message.seq, err: reason }, 'unreadable message skipped');
    options.onUnreadable?.(message.seq, reason instanceof Error ? reason.message : String(reason), message.data);
    return undefined;
  }
}
