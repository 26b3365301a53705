import type { JetStreamManager } from '@nats-io/jetstream';
import { headers, nuid } from '@nats-io/transport-node';
import { RedQueenError } from '@redqueen/core';
import { apiError, errorOf, natsCall } from './errors.ts';
import type { Outbox } from './outbox.ts';
import { idHeader } from './publisher.ts';

// W1. Each write of a key names the revision that it follows, in its message id: after each revision the server stores one write, whoever else tries.
//     Its own check of the expected revision is made before a write is replicated; in a cluster two at once pass it, and the first one is lost
//     (https://github.com/nats-io/nats-server/issues/4320). The check stays for repetitions after the duplicate window.
// W2. A write is sent again until it is answered; by a token it knows itself where it was stored the first time.

const tokenHeader = 'Rq-Write';
const expectedHeader = 'Nats-Expected-Last-Subject-Sequence';
const timeoutMs = 10_000;

/** What may be written: a value, or the mark of a deleted key. */
export type BucketWrite = { readonly value: Uint8Array } | 'deleted';

/** Compare-and-set on the keys of a bucket. */
export class BucketWriter {
  readonly #outbox: Outbox;
  readonly #manager: JetStreamManager;
  readonly #bucket: string;

  constructor(outbox: Outbox, manager: JetStreamManager, bucket: string) {
    this.#outbox = outbox;
    this.#manager = manager;
    this.#bucket = bucket;
  }

  /** Writes a key after that revision of it, 0 where it was never written. Resolves with the new revision. Throws `aborted` where another write came first. */
  async write(key: string, write: BucketWrite, after: number): Promise<number> {
    const what = `write ${key} in bucket ${this.#bucket}`;
    const token = nuid.next();
    const fields = headers();
    fields.set(idHeader, `${key}@${after}`);
    fields.set(expectedHeader, `${after}`);
    fields.set(tokenHeader, token);
    if (write === 'deleted') fields.set('KV-Operation', 'DEL');
    const payload = write === 'deleted' ? new Uint8Array() : write.value;
    const request = { lane: this.#stream, subject: this.#subject(key), payload, headers: fields, timeoutMs };
    const reply = (await this.#outbox.send(request)).json<{ seq: number; duplicate?: boolean; error?: object }>();
    const error = errorOf(reply);
    if (!error && !reply.duplicate) return reply.seq;
    const failure = error && apiError(error.code, error.description, what);
    if (failure && failure.code !== 'aborted') throw failure;
    return await this.#ownAfter(key, after, token, what);
  }

  get #stream(): string {
    return `KV_${this.#bucket}`;
  }

  #subject(key: string): string {
    return `$KV.${this.#bucket}.${key}`;
  }

  /** Somebody was first; perhaps an earlier sending of the same write. */
  async #ownAfter(key: string, after: number, token: string, what: string): Promise<number> {
    const query = { seq: after + 1, next_by_subj: this.#subject(key) };
    const next = await natsCall(what, () => this.#manager.streams.getMessage(this.#stream, query));
    if (next?.header.get(tokenHeader) === token) return next.seq;
    throw new RedQueenError('aborted', `${what}: somebody else wrote it first`);
  }
}
