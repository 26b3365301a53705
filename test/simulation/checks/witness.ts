import { addressText, type Address } from '@redqueen/contract';
import { derivedId } from '@redqueen/core';
import type { Bus, PoolActor, PublishResult } from '@redqueen/runtime';
import type { Effect } from '@redqueen/testkit';
import { storeOf } from '../../../packages/runtime/src/bus/memory/memory-bus.ts';

/** A promise that was broken, and how. */
export interface Violation {
  readonly promise: string;
  readonly what: string;
}

interface Handled {
  readonly id: string;
  readonly tells: number;
}

interface Snapshot {
  readonly epoch: number;
  readonly sequence: number;
}

/** What the witness must know of the cluster. */
export interface WitnessOptions {
  readonly bus: Bus;
  readonly run: string;
  /** Deliveries that may be unacknowledged at once (A4). */
  readonly maxInFlight: number;
  readonly concurrency: number;
  /** Whether wall clocks are moved: a lease then no longer says who may tell, only who may commit. */
  readonly clocksMove: boolean;
}

/** Sees every effect when it happens, as nobody in the cluster can, and compares it at once with what the actor runtime promises. */
export class Witness {
  readonly violations: Violation[] = [];
  readonly #options: WitnessOptions;
  /** Sequence of the first message of each id. */
  readonly sequences = new Map<string, number>();
  /** By id: the service that told it first. */
  readonly #tellers = new Map<string, string>();
  /** By process: what its actor has handled and not yet covered by a snapshot or an acknowledgement. */
  readonly #handled = new Map<string, Handled[]>();
  readonly #inHand = new Map<string, number>();
  readonly #outstanding = new Map<string, Set<number>>();
  readonly #snapshots = new Map<string, Snapshot>();
  /** By actor and epoch: the process that committed in it. */
  readonly #committers = new Map<string, string>();
  /** By actor: the process that wrote its lease last. */
  readonly #leases = new Map<string, { readonly process: string; readonly epoch: number; readonly owner: string }>();
  /** Ids that were stored again on purpose. */
  readonly repeated = new Set<string>();
  /** Keys of the dead letters. */
  readonly deadLetters = new Set<string>();
  /** Sequence of the newest message that was no duplicate. */
  last = 0;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  violate(promise: string, what: string): void {
    if (this.violations.length < 20) this.violations.push({ promise, what });
  }

  /** Counts handlers while they run (A4). */
  async inHand<Result>(process: string, actor: PoolActor, work: () => Promise<Result>): Promise<Result> {
    const count = (this.#inHand.get(process) ?? 0) + 1;
    this.#inHand.set(process, count);
    if (count > this.#options.concurrency) this.violate('A4', `${process}: ${count} handlers of ${addressText(actor.address)} at once`);
    try {
      return await work();
    } finally {
      this.#inHand.set(process, (this.#inHand.get(process) ?? 1) - 1);
    }
  }

  /** A handler came to its end; it tells so many messages. */
  handled(process: string, address: Address, id: string, tells: number): void {
    const key = `${process} ${addressText(address)}`;
    const known = this.#handled.get(key) ?? [];
    known.push({ id, tells });
    this.#handled.set(key, known);
  }

  /** A process begins to tell something in the name of an actor (A1). */
  telling(process: string, sender: string): void {
    const lease = this.#leases.get(sender);
    if (!lease || this.#options.clocksMove || (lease.process === process && lease.owner !== '')) return;
    this.violate('A1', `${process} tells as ${sender}, whose lease ${lease.process} has in epoch ${lease.epoch}`);
  }

  readonly observe = (effect: Effect): void => {
    switch (effect.kind) {
      case 'published':
        return this.#published(effect.process, effect.id, effect.result);
      case 'delivered':
        return this.#delivered(addressText(effect.address), effect.sequence);
      case 'acknowledged':
        this.#outstanding.get(addressText(effect.address))?.delete(effect.sequence);
        return this.#acknowledged(effect.process, addressText(effect.address), effect.sequence);
      case 'terminated':
        this.#outstanding.get(addressText(effect.address))?.delete(effect.sequence);
        return;
      case 'stored':
        if (effect.bucket === 'rq-snapshots') this.#snapshotStored(effect.process, effect.key, Buffer.from(effect.value));
        if (effect.bucket === 'rq-dead') this.deadLetters.add(effect.key);
        if (effect.bucket === 'rq-leases') this.#leaseStored(effect.process, effect.key, effect.value);
    }
  };

  /** Whether a delivered message is not acknowledged. */
  get hasInFlight(): boolean {
    return [...this.#outstanding.values()].some(({ size }) => size > 0);
  }

  /** Once the cluster is at rest every message is handled for good. */
  checkNothingInFlight(): void {
    for (const [address, sequences] of this.#outstanding)
      if (sequences.size > 0) this.violate('A2', `messages ${[...sequences].join(', ')} to ${address} were never acknowledged`);
  }

  #published(process: string, id: string, { sequence, duplicate }: PublishResult): void {
    // Processes are numbered; the services of which they are do not share ids.
    const service = process.replace(/\.\d+$/, '');
    const teller = this.#tellers.get(id) ?? service;
    this.#tellers.set(id, teller);
    if (teller !== service) this.violate('told', `${process} tells message ${id}, under whose id ${teller} told another one`);
    if (duplicate) return;
    this.last = sequence;
    if (!this.sequences.has(id)) this.sequences.set(id, sequence);
  }

  #delivered(address: string, sequence: number): void {
    const outstanding = this.#outstanding.get(address) ?? new Set();
    this.#outstanding.set(address, outstanding.add(sequence));
    if (outstanding.size > this.#options.maxInFlight) this.violate('A4', `${outstanding.size} messages to ${address} are in flight`);
  }

  #acknowledged(process: string, address: string, sequence: number): void {
    const id = storeOf(this.#options.bus).log(this.#options.run).get(sequence)?.id ?? '';
    const handled = this.#handled.get(`${process} ${address}`)?.findLast((one) => one.id === id);
    if (!handled) return this.violate('A2', `${process} acknowledged message ${sequence}, which it never handled`);
    this.#requireTold('A2', `${process} acknowledged message ${sequence} before`, address, handled);
  }

  #snapshotStored(process: string, key: string, value: Buffer): void {
    const actor = actorOf(key);
    const snapshot = { epoch: value.readUInt32LE(0), sequence: value.readDoubleLE(4) };
    const before = this.#snapshots.get(actor) ?? { epoch: 0, sequence: 0 };
    this.#snapshots.set(actor, snapshot);
    if (snapshot.epoch < before.epoch)
      this.violate('A1', `${process} committed ${actor} in epoch ${snapshot.epoch} after epoch ${before.epoch}`);
    if (snapshot.sequence < before.sequence)
      this.violate('A3', `${process} took ${actor} back from ${before.sequence} to ${snapshot.sequence}`);
    const committer = this.#committers.get(`${actor} ${snapshot.epoch}`) ?? process;
    this.#committers.set(`${actor} ${snapshot.epoch}`, committer);
    if (committer !== process) this.violate('A1', `${committer} and ${process} both committed ${actor} in epoch ${snapshot.epoch}`);
    this.#covered(process, actor, snapshot.sequence);
  }

  /** A snapshot is never ahead of what was told (S1). */
  #covered(process: string, actor: string, sequence: number): void {
    const key = `${process} ${actor}`;
    const left: Handled[] = [];
    for (const handled of this.#handled.get(key) ?? []) {
      if ((this.sequences.get(handled.id) ?? 0) > sequence) left.push(handled);
      else this.#requireTold('snapshot', `${process} stored a snapshot of ${actor} up to ${sequence} before`, actor, handled);
    }
    this.#handled.set(key, left);
  }

  #requireTold(promise: string, what: string, teller: string, { id, tells }: Handled): void {
    for (let index = 0; index < tells; index++) {
      if (this.sequences.has(derivedId(id, teller, index))) continue;
      return this.violate(promise, `${what} all that message ${this.sequences.get(id)} told was stored (${index} of ${tells} are)`);
    }
  }

  #leaseStored(process: string, key: string, value: Uint8Array): void {
    const { epoch, owner } = JSON.parse(Buffer.from(value).toString()) as { epoch: number; owner: string };
    const before = this.#leases.get(actorOf(key));
    this.#leases.set(actorOf(key), { process, epoch, owner });
    if (before && before.process !== process && epoch <= before.epoch)
      this.violate('A1', `${process} took the lease of ${actorOf(key)} with epoch ${epoch}, ${before.process} had ${before.epoch}`);
  }
}

/** "run.role.key" as "role/key". */
function actorOf(key: string): string {
  const [, role, number] = key.split('.');
  return `${role}/${number}`;
}
