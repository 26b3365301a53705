import type { ConsumerInfo, JetStreamClient, JetStreamManager, JsMsg, PubAck } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { addressOf, decodeMessage, kindToken, mailboxSubject, streamOf } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { MailboxPosition, RunStorage, StoredBytes } from '../storage.ts';
import { natsCall, natsError } from './errors.ts';
import { createConsumer } from './consumer.ts';
import { idHeader } from './publisher.ts';
import { rawMessages, storedAtHeader, storedAtOf, type ReaderParts } from './reader.ts';

/** Messages restored at once that are not confirmed yet. */
const unconfirmedLimit = 256;
/** A mailbox that is only put in its place: whoever opens it says how it is to be. */
const provisional = { maxInFlight: 1, ackWaitMs: 10_000 };

/** What the storage of a run needs of the bus. */
export interface StorageParts extends ReaderParts {
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Creates the run's stream. */
  readonly open: () => Promise<void>;
  /** Told that the run has no stream any more. */
  readonly deleted: () => void;
}

/** A run's stream on JetStream, as a thing that is kept. */
export function natsStorage(parts: StorageParts, run: string): RunStorage {
  const { manager } = parts;
  const name = streamOf(run);
  const info = () => natsCall(`look at run ${run}`, () => manager.streams.info(name));
  return {
    exists: () => info().then(() => true, absent),
    size: async () => {
      const { state } = await info();
      return { messages: state.messages, bytes: state.bytes };
    },
    messages: () => storedMessages(parts, run),
    positions: () => natsCall(`list the mailboxes of run ${run}`, () => positions(manager, name)),
    restore: async (messages) => {
      await parts.open();
      await restore(parts, run, messages);
    },
    restorePosition: ({ address, handled }) =>
      natsCall(`restore mailbox ${address.role}/${address.key} of run ${run}`, async () => {
        await createConsumer(manager, run, address, provisional, handled + 1);
      }),
    delete: async () => {
      await natsCall(`delete run ${run}`, () => manager.streams.delete(name)).catch(absent);
      parts.deleted();
    },
  };
}

function absent(reason: unknown): false {
  if (RedQueenError.from(reason).code === 'not_found') return false;
  throw reason;
}

async function* storedMessages(parts: ReaderParts, run: string): AsyncGenerator<StoredBytes> {
  for await (const message of rawMessages(parts, run, { from: 1, follow: false })) {
    const [, , role = '', key = ''] = message.subject.split('.');
    const id = message.headers?.get(idHeader) || idOf(message);
    yield { sequence: message.seq, storedAt: storedAtOf(message), id, to: { role, key }, bytes: message.data };
  }
}

function idOf({ data }: JsMsg): string {
  try {
    return decodeMessage(data).id;
  } catch {
    return '';
  }
}

async function positions(manager: JetStreamManager, name: string): Promise<MailboxPosition[]> {
  const last = (await manager.streams.info(name)).state.last_seq;
  const found: MailboxPosition[] = [];
  for await (const consumer of manager.consumers.list(name)) {
    const position = positionOf(consumer, last);
    if (position) found.push(position);
  }
  return found;
}

/** Readers of a stream are consumers, too, but none that lasts. */
function positionOf({ config, num_pending, num_ack_pending, ack_floor }: ConsumerInfo, last: number): MailboxPosition | undefined {
  const [, , role, key] = config.filter_subject?.split('.') ?? [];
  if (!config.durable_name || !role || !key) return undefined;
  const idle = num_pending === 0 && num_ack_pending === 0;
  return { address: addressOf(`${role}/${key}`), handled: idle ? last : ack_floor.stream_seq };
}

async function restore({ stream }: StorageParts, run: string, messages: AsyncIterable<StoredBytes>): Promise<void> {
  let unconfirmed: Promise<PubAck>[] = [];
  for await (const message of messages) {
    const fields = headers();
    fields.set(storedAtHeader, String(message.storedAt));
    // Ids are left out of the server's window: what is repeated within a run is part of it.
    const subject = mailboxSubject(run, message.to).replace('>', kindOf(message));
    const publication = stream.publish(subject, message.bytes, { headers: fields, expect: { lastSequence: message.sequence - 1 } });
    publication.catch(() => undefined);
    unconfirmed.push(publication);
    if (unconfirmed.length < unconfirmedLimit) continue;
    await confirmed(run, unconfirmed);
    unconfirmed = [];
  }
  await confirmed(run, unconfirmed);
}

function kindOf({ bytes }: StoredBytes): string {
  try {
    return kindToken(decodeMessage(bytes).kind);
  } catch {
    return 'unreadable';
  }
}

async function confirmed(run: string, publications: readonly Promise<PubAck>[]): Promise<void> {
  try {
    await Promise.all(publications);
  } catch (reason) {
    const error = natsError(reason, `restore run ${run}`);
    if (error.code !== 'aborted') throw error;
    throw new RedQueenError('data_loss', `restore run ${run}: a message is missing in between, or the stream was not empty`, {
      cause: reason,
    });
  }
}
