import { DeliverPolicy, type JetStreamClient, type JetStreamManager, type JsMsg } from '@nats-io/jetstream';
import { decodeMessage, mailboxSubject, runSubject, streamOf } from '@redqueen/contract';
import type { Logger } from '../../log/logger.ts';
import type { ReadOptions, StoredMessage } from '../port.ts';
import { natsCall } from './errors.ts';

const prefetch = 512;

/** Sequence of the newest message of a run; 0 where there is none. */
export async function lastSequenceOf(manager: JetStreamManager, run: string): Promise<number> {
  const info = await natsCall(`read run ${run}`, () => manager.streams.info(streamOf(run)));
  return info.state.last_seq;
}

/** What reading needs of the bus. */
export interface ReaderParts {
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly logger: Logger;
}

/**
 * Reads a run's stream in order. An ordered consumer lives in this process: the client makes a new one, from where it was,
 * whenever a message is missing or the server forgot it.
 */
export async function* readRun(parts: ReaderParts, run: string, options: ReadOptions): AsyncGenerator<StoredMessage> {
  const last = options.follow ? Number.POSITIVE_INFINITY : await lastSequenceOf(parts.manager, run);
  if (options.from > last) return;
  const consumer = await natsCall(`read run ${run}`, () =>
    parts.stream.consumers.get(streamOf(run), {
      filter_subjects: options.to ? mailboxSubject(run, options.to) : runSubject(run),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, options.from),
      inactive_threshold: 60_000,
    }),
  );
  try {
    if (!options.follow && (await consumer.info(true)).num_pending === 0) return;
    const messages = await consumer.consume({ max_messages: prefetch, expires: 20_000, idle_heartbeat: 5000 });
    const stop = () => void messages.close();
    options.signal?.addEventListener('abort', stop, { once: true });
    try {
      if (options.signal?.aborted) return;
      for await (const message of messages) {
        const stored = decode(message, run, options, parts.logger);
        if (stored && message.seq <= last) yield stored;
        if (!options.follow && (message.seq >= last || message.info.pending === 0)) return;
      }
    } finally {
      options.signal?.removeEventListener('abort', stop);
      void messages.close();
    }
  } finally {
    // Its inactivity limit removes it as well, should the server be away.
    await consumer.delete().catch(() => false);
  }
}

function decode(message: JsMsg, run: string, options: ReadOptions, logger: Logger): StoredMessage | undefined {
  try {
    return { message: decodeMessage(message.data), sequence: message.seq, storedAt: Math.round(message.info.timestampNanos / 1e6) };
  } catch (reason) {
    logger.warn({ run, sequence: message.seq, err: reason }, 'unreadable message skipped');
    options.onUnreadable?.(message.seq, reason instanceof Error ? reason.message : String(reason));
    return undefined;
  }
}
