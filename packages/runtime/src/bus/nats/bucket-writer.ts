import type { DirectMsgRequest, JetStreamManager, MsgRequest, StoredMsg } from '@nats-io/jetstream';
import { headers, nuid } from '@nats-io/transport-node';
import { RedQueenError } from '@redqueen/core';
import { apiError, errorOf, natsCall } from './errors.ts';
import type { Outbox } from './outbox.ts';
import { idHeader } from './publisher.ts';

// W1. Each write of a key names the revision that it follows, in its message id: after each revision the server stores one write, whoever else tries.
//     Its own check of the expected revision is made before a write is replicated; in a cluster two at once pass it, and the first one is lost
//     (https://github.com/nats-io/nats-server/issues/4320). The check stays for repetitions after the duplicate window.
// W2. A write whose record the store has lost is followed by the next one like any other: the server still knows its number.
// W3. A write is sent again until it is answered; by a token it knows itself where it was stored the first time.

const tokenHeader = 'Rq-Write';
const expectedHeader = 'Nats-Expected-Last-Subject-Sequence';
const timeoutMs = 10_000;

/** What may be written: a value, or the mark of a deleted key. */
export type BucketWrite = { readonly value: Uint8Array } | 'deleted';

interface Attempt {
  readonly key: string;
  readonly after: number;
  readonly token: string;
  readonly held: number;
}

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
  write(key: string, write: BucketWrite, after: number): Promise<number> {
    return this.#write(key, write, after, after);
  }

  /**
   * Writes a key whose newest write the store has lost, after the newest that can be read. Only for a key whose last write cannot be read although
   * earlier ones can: what is merely on its way in a cluster looks the same to the server's check.
   */
  async writeOverLost(key: string, write: BucketWrite, after: number): Promise<number> {
    const what = `write ${key} in bucket ${this.#bucket}`;
    try {
      return await this.#write(key, write, after, after);
    } catch (reason) {
      const held = reason instanceof RedQueenError ? reason.context['held'] : undefined;
      if (typeof held !== 'number' || held === after || (await this.#isThere(held, what))) throw reason;
      return await this.#write(key, write, after, held);
    }
  }

  /** `expected`: what the server takes the newest revision to be, where it has lost what came after the newest that can be read. */
  async #write(key: string, write: BucketWrite, after: number, expected: number): Promise<number> {
    const what = `write ${key} in bucket ${this.#bucket}`;
    const token = nuid.next();
    const fields = headers();
    fields.set(idHeader, `${key}@${after}`);
    fields.set(expectedHeader, `${expected}`);
    fields.set(tokenHeader, token);
    if (write === 'deleted') fields.set('KV-Operation', 'DEL');
    const payload = write === 'deleted' ? new Uint8Array() : write.value;
    const request = { lane: this.#stream, subject: this.#subject(key), payload, headers: fields, timeoutMs };
    const reply = (await this.#outbox.send(request)).json<{ seq: number; duplicate?: boolean; error?: object }>();
    const error = errorOf(reply);
    if (!error && !reply.duplicate) return reply.seq;
    const failure = error && apiError(error.code, error.description, what);
    if (failure && failure.code !== 'aborted') throw failure;
    const held = /wrong last sequence: (\d+)/.exec(error?.description ?? '')?.[1];
    return await this.#ownAfter({ key, after, token, held: held === undefined ? after : Number(held) }, what);
  }

  /** The newest revision of a key that can be read; 0 where there is none. */
  async newestReadable(key: string): Promise<number> {
    const what = `read ${key} in bucket ${this.#bucket}`;
    for (let revision = 0; ; ) {
      const next = await this.#message({ seq: revision + 1, next_by_subj: this.#subject(key) }, what);
      if (!next) return revision;
      revision = next.seq;
    }
  }

  async #isThere(revision: number, what: string): Promise<boolean> {
    return revision > 0 && (await this.#message({ seq: revision }, what)) !== null;
  }

  #message(query: DirectMsgRequest, what: string): Promise<StoredMsg | null> {
    return natsCall(what, () => this.#manager.streams.getMessage(this.#stream, query as MsgRequest));
  }

  get #stream(): string {
    return `KV_${this.#bucket}`;
  }

  #subject(key: string): string {
    return `$KV.${this.#bucket}.${key}`;
  }

  /** Somebody was first; perhaps an earlier sending of the same write. `held`: the newest revision, as the server says. */
  async #ownAfter({ key, after, token, held }: Attempt, what: string): Promise<number> {
    const next = await this.#message({ seq: after + 1, next_by_subj: this.#subject(key) }, what);
    if (next?.header.get(tokenHeader) === token) return next.seq;
    throw new RedQueenError('aborted', `${what}: somebody else wrote it first`, { context: { held } });
  }
}
