import type { Address } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { KeyValue, KeyValueEntry } from '../bus/port.ts';
import type { Logger } from '../log/logger.ts';

// L1. Every write of the entry is a compare-and-set: of two that try, one wins.
// L2. The holder counts its time from before it asked for the renewal; a waiter counts from when it saw it. So the holder gives up first.
// L3. A new holder has a greater epoch than every holder before it.
// L4. No time is compared between machines: a waiter only measures how long the entry stayed the same.

/** Bucket of the leases. */
export const leaseBucket = 'rq-leases';

/** Who asks for a lease, and on what terms. */
export interface LeaseRequest {
  readonly bucket: KeyValue;
  readonly run: string;
  readonly address: Address;
  /** Names the host. It must have ended its last activation, or with its process, before it asks again: then it need not wait for itself. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface LeaseValue {
  readonly epoch: number;
  /** Empty once it was given back. */
  readonly owner: string;
}

function decode(entry: KeyValueEntry): LeaseValue {
  return JSON.parse(Buffer.from(entry.value).toString('utf8')) as LeaseValue;
}

function encode(value: LeaseValue): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function isConflict(reason: unknown): boolean {
  return reason instanceof RedQueenError && reason.code === 'aborted';
}

/** The right to be the one activation of a stateful actor (A1). */
export class Lease {
  readonly epoch: number;
  readonly #request: LeaseRequest;
  readonly #key: string;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  #revision: number;
  #validUntil: number;

  private constructor(request: LeaseRequest, epoch: number, revision: number, askedAt: number) {
    this.#request = request;
    this.#key = keyOf(request);
    this.epoch = epoch;
    this.#revision = revision;
    this.#validUntil = askedAt + request.leaseMs;
    void this.#keep();
  }

  /** Waits until nobody holds the lease, then takes it. Rejects with the signal's reason when it aborts first. */
  static async acquire(request: LeaseRequest, signal: AbortSignal): Promise<Lease> {
    const key = keyOf(request);
    let seen: number | undefined;
    let seenAt = 0;
    for (;;) {
      signal.throwIfAborted();
      const entry = await request.bucket.get(key);
      // Taken after the answer: an answer on its way for long must not count as time in which the entry stayed the same.
      const now = request.clock.now();
      if (entry?.revision !== seen) [seen, seenAt] = [entry?.revision, now];
      const held = entry ? decode(entry) : { epoch: 0, owner: '' };
      if (held.owner === '' || held.owner === request.owner || now - seenAt >= request.leaseMs) {
        const lease = await Lease.#take(request, held.epoch + 1, entry);
        if (lease) return lease;
      }
      await request.clock.sleep(request.leaseMs / 12, signal);
    }
  }

  static async #take(request: LeaseRequest, epoch: number, entry: KeyValueEntry | undefined): Promise<Lease | undefined> {
    const askedAt = request.clock.now();
    const value = encode({ epoch, owner: request.owner });
    const key = keyOf(request);
    try {
      const revision = entry ? await request.bucket.update(key, value, entry.revision) : await request.bucket.create(key, value);
      return new Lease(request, epoch, revision, askedAt);
    } catch (reason) {
      if (isConflict(reason)) return undefined;
      throw reason;
    }
  }

  /** Aborts, with the fencing error as its reason, once the lease is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws the fencing error unless the lease holds now. To be called before every effect. */
  require(): void {
    if (!this.#lost.signal.aborted && this.#request.clock.now() >= this.#validUntil) this.#lose('it could not be renewed in time');
    this.#lost.signal.throwIfAborted();
  }

  /** Gives it back, so that the next activation need not wait. */
  async release(): Promise<void> {
    this.#released.abort();
    if (this.#lost.signal.aborted) return;
    this.#lose('it was given back');
    try {
      await this.#request.bucket.update(this.#key, encode({ epoch: this.epoch, owner: '' }), this.#revision);
    } catch (reason) {
      // Somebody has it already, or it expires by itself.
      this.#request.logger.debug({ err: reason, lease: this.#key }, 'lease not given back');
    }
  }

  async #keep(): Promise<void> {
    const { clock, leaseMs } = this.#request;
    while (!this.#stopped) {
      await clock.sleep(leaseMs / 3, this.#released.signal).catch(() => undefined);
      if (!this.#stopped) await this.#renew();
      if (!this.#stopped && clock.now() >= this.#validUntil) this.#lose('it could not be renewed in time');
    }
  }

  get #stopped(): boolean {
    return this.#released.signal.aborted || this.#lost.signal.aborted;
  }

  async #renew(): Promise<void> {
    const { clock, bucket } = this.#request;
    const askedAt = clock.now();
    const left = new AbortController();
    try {
      const value = encode({ epoch: this.epoch, owner: this.#request.owner });
      const renewed = bucket.update(this.#key, value, this.#revision);
      renewed.catch(() => undefined);
      const timeUp = clock.sleep(Math.max(1, this.#validUntil - askedAt), left.signal).catch(() => undefined);
      const revision = await Promise.race([renewed, timeUp]);
      if (revision === undefined) return;
      this.#revision = revision;
      this.#validUntil = askedAt + this.#request.leaseMs;
    } catch (reason) {
      if (isConflict(reason)) await this.#adopt();
      else this.#request.logger.debug({ err: reason, lease: this.#key }, 'lease not renewed');
    } finally {
      left.abort();
    }
  }

  /** A conflict is also what a renewal looks like whose confirmation got lost. */
  async #adopt(): Promise<void> {
    const entry = await this.#request.bucket.get(this.#key).catch(() => undefined);
    if (!entry) return;
    const held = decode(entry);
    if (held.epoch === this.epoch && held.owner === this.#request.owner) this.#revision = entry.revision;
    else this.#lose(`epoch ${held.epoch} has taken over`);
  }

  #lose(why: string): void {
    const { run, address } = this.#request;
    this.#lost.abort(new RedQueenError('aborted', `${address.role}/${address.key} of run ${run}: epoch ${this.epoch} is fenced, ${why}`));
  }
}

function keyOf(request: LeaseRequest): string {
  return `${request.run}.${request.address.role}.${request.address.key}`;
}
