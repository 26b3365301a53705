import { addressText, type Message } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { StoredMessage } from '../bus/port.ts';
import type { Effects, StatefulActor, Tell } from './actor.ts';
import { Confirmations } from './confirmations.ts';
import { contextOf, toldMessages, type ContextSource } from './context.ts';
import { requireOwn } from './handler-failure.ts';
import type { ResolvedHostOptions } from './hosting.ts';
import type { Lease } from './lease.ts';
import { LedgerDamage, messageRange } from '../ledger/damage.ts';
import { messageDigest, StreamChain, type StreamPosition } from '../ledger/stream-chain.ts';
import { isRetry, originOf } from './retried.ts';
import { initialSnapshot, Snapshots, type Snapshot } from './snapshots.ts';
import { idReach, IdWindow, ToldIndex } from './told.ts';

// S1. Messages are folded in stream order, one at a time; `sequence` is the last one folded in.
// S2. An effect is told only while the lease holds; the signal of the activation aborts when it does not.
// S3. What an activation before this one told after its snapshot is read from the stream and not told again: exactly once, however long ago.
// S4. A snapshot covers a message only when everything told up to it is confirmed.
// S5. Any failure ends the activation. The next one starts from the snapshot, so that a half-changed state is never kept.
// S6. A stream that ends before the snapshot or the witness does, or holds other messages than they saw, is never gone on with: LedgerDamage.
// S7. A snapshot that cannot be read is never used: the state is folded anew from the stream, and the log says so.

/** Publications that may be unconfirmed at once. */
const unconfirmedLimit = 1024;

/** What an activation needs beyond the actor. */
export interface ActivationParts {
  readonly options: ResolvedHostOptions;
  readonly lease: Lease;
  /** Dead messages, which are not folded in. */
  readonly skipped: ReadonlySet<number>;
  /** Told of every message folded in, and of duplicates. */
  readonly observed: (kind: 'handled' | 'duplicates') => void;
  /** Told once the state has caught up with what was stored when it began. */
  readonly caughtUp: () => void;
}

/** A message whose handler threw. */
export class HandlerFailure extends Error {
  readonly sequence: number;
  readonly handled: Message | undefined;

  constructor(sequence: number, handled: Message | undefined, cause: unknown) {
    super('handler failed', { cause });
    this.sequence = sequence;
    this.handled = handled;
  }
}

/** One life of a stateful actor: from its snapshot to the first failure, or to the end. */
export class Activation<State> {
  readonly #actor: StatefulActor<State>;
  readonly #parts: ActivationParts;
  readonly #source: ContextSource;
  readonly #failure = new AbortController();
  readonly #confirmations = new Confirmations(unconfirmedLimit, (reason) => this.#failure.abort(reason));
  readonly #recent = new IdWindow();
  /** Of an actor that reads the whole run. */
  #chain: StreamChain | undefined;
  /** What the witness knew when this began; undefined once the stream has come there. */
  #witnessed: StreamPosition | undefined;
  /** The last message folded in, as stored. */
  #last: Uint8Array | undefined;
  #snapshots: Snapshots | undefined;
  #saving: Promise<void> = Promise.resolve();
  #savedAt = 0;
  #savedSequence = 0;
  #isSaving = false;
  #told: ReadonlySet<string> = new Set();
  #state: State | undefined;
  #sequence = 0;

  constructor(actor: StatefulActor<State>, parts: ActivationParts) {
    this.#actor = actor;
    this.#parts = parts;
    const { run, runSeed, clock } = parts.options;
    this.#source = { run, runSeed, clock, self: actor.address };
  }

  get state(): State | undefined {
    return this.#state;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Restores, catches up and handles messages. `draining` ends it after the message in hand, `closing` also aborts that one's handler.
   * Rejects with the failure that ended it.
   */
  async run(draining: AbortSignal, closing: AbortSignal): Promise<void> {
    const { lease } = this.#parts;
    const stop = AbortSignal.any([draining, closing, lease.lost, this.#failure.signal]);
    const abort = AbortSignal.any([closing, lease.lost, this.#failure.signal]);
    try {
      const last = await this.#restore(abort);
      await this.#follow(last, stop, abort);
      if (!abort.aborted) {
        await this.#confirmations.settled();
        await this.#snapshotNow();
      }
    } finally {
      // A snapshot on its way must not outlive the activation: the next one begins by reading it.
      await this.#saving.catch(() => undefined);
    }
    lease.lost.throwIfAborted();
    this.#failure.signal.throwIfAborted();
  }

  /** Tells something outside of any message. */
  async tell(tell: Tell, id: string): Promise<void> {
    const { run, bus } = this.#parts.options;
    this.#parts.lease.require();
    await bus.publish({ ...tell, id, run, from: this.#actor.address, cause: '', traceparent: '' });
  }

  async #restore(abort: AbortSignal): Promise<number> {
    const { bus, run, clock, logger } = this.#parts.options;
    const { address } = this.#actor;
    this.#snapshots = await Snapshots.open(bus, { run, address, epoch: this.#parts.lease.epoch, logger });
    const stored = await this.#snapshots.begin();
    const last = await bus.lastSequence(run);
    this.#witnessed = this.#actor.witness?.newest();
    this.#requireReached(Math.max(stored.sequence, this.#witnessed?.sequence ?? 0), last);
    const { snapshot, state } = this.#restored(stored);
    if (this.#actor.reads === 'run') this.#chain = new StreamChain(run, { sequence: snapshot.sequence, digest: snapshot.stream });
    if (last > snapshot.sequence) this.#told = await new ToldIndex(bus, run, address).since(snapshot.sequence + 1);
    await this.#remember(snapshot);
    this.#compare(snapshot.sequence);
    await this.#actor.activated?.(state, contextOf(this.#source, 'activation', abort));
    [this.#state, this.#sequence, this.#savedSequence, this.#savedAt] = [state, snapshot.sequence, snapshot.sequence, clock.now()];
    return last;
  }

  /** The snapshot with its state; both are the initial ones where the state's bytes are none. */
  #restored(snapshot: Snapshot): { snapshot: Snapshot; state: State } {
    if (!snapshot.bytes) return { snapshot, state: this.#actor.initial() };
    try {
      return { snapshot, state: this.#actor.decode(snapshot.bytes) };
    } catch (reason) {
      const { run, logger } = this.#parts.options;
      const facts = { err: reason, run, actor: addressText(this.#actor.address), sequence: snapshot.sequence };
      logger.error(facts, 'snapshot cannot be used: the state is folded anew from the whole stream');
      return { snapshot: initialSnapshot, state: this.#actor.initial() };
    }
  }

  /** The stream must go at least as far as somebody has seen it. */
  #requireReached(seen: number, last: number): void {
    if (last >= seen) return;
    throw new LedgerDamage(
      this.#parts.options.run,
      last + 1,
      `${messageRange(last + 1, seen)} missing from the store, although ${addressText(this.#actor.address)} had handled them`,
    );
  }

  /** Where the stream has come to the place that the witness noted, both must have seen the same messages. */
  #compare(sequence: number): void {
    const noted = this.#witnessed;
    if (!noted || sequence < noted.sequence) return;
    this.#witnessed = undefined;
    if (sequence > noted.sequence || noted.digest === this.#chain?.position.digest) return;
    const from = Math.min(this.#savedSequence + 1, sequence);
    throw new LedgerDamage(
      this.#parts.options.run,
      from,
      `the store holds others than the ${messageRange(from, sequence)} that were folded in before`,
    );
  }

  /** Ids handled shortly before the snapshot: the same message may come again after it. The last of them must be the one that the snapshot ends with. */
  async #remember({ sequence, last }: Snapshot): Promise<void> {
    if (sequence === 0) return;
    const { bus, run } = this.#parts.options;
    let found: Uint8Array | undefined;
    const onUnreadable = (place: number, _reason: string, bytes: Uint8Array): void => {
      if (place === sequence) found = bytes;
    };
    const from = Math.max(1, sequence + 1 - idReach);
    for await (const stored of bus.read(run, { from, follow: false, onUnreadable, ...this.#filter() })) {
      if (stored.sequence > sequence) break;
      if (stored.sequence === sequence) found = stored.bytes;
      this.#recent.add(stored.message.id, stored.sequence);
    }
    if (found && messageDigest(found) === last) return;
    const fault = found ? 'is another one' : 'is missing';
    throw new LedgerDamage(
      run,
      sequence,
      `message ${sequence} ${fault}, the last one that ${addressText(this.#actor.address)} had handled`,
    );
  }

  #filter(): { to?: StatefulActor<State>['address'] } {
    return this.#actor.reads === 'mailbox' ? { to: this.#actor.address } : {};
  }

  async #follow(last: number, stop: AbortSignal, abort: AbortSignal): Promise<void> {
    const { bus, run } = this.#parts.options;
    const from = this.#sequence + 1;
    const onUnreadable = (sequence: number, reason: string, bytes: Uint8Array): void => {
      if (this.#parts.skipped.has(sequence)) {
        this.#chain?.add(sequence, bytes);
        this.#passed(sequence, bytes);
        return;
      }
      // Ends the wait as well: nothing readable may come after it for long.
      this.#failure.abort(new HandlerFailure(sequence, undefined, new RedQueenError('data_loss', `unreadable: ${reason}`)));
    };
    if (this.#sequence >= last) this.#parts.caughtUp();
    for await (const stored of bus.read(run, { from, follow: true, signal: stop, onUnreadable, ...this.#filter() })) {
      if (stop.aborted) return;
      await this.#handle(stored, abort);
      if (this.#sequence >= last) this.#parts.caughtUp();
      this.#snapshotWhenDue();
    }
    if (!stop.aborted) throw new RedQueenError('unavailable', `reading run ${run} ended`);
  }

  async #handle({ message, sequence, bytes }: StoredMessage, abort: AbortSignal): Promise<void> {
    this.#chain?.add(sequence, bytes);
    if (!this.#parts.skipped.has(sequence) && !this.#isForAnother(message)) {
      if (this.#recent.has(message.id, sequence)) {
        this.#parts.observed('duplicates');
      } else {
        const effects = await this.#receive(message, sequence, abort);
        await this.#publish(message, effects.tells);
        this.#state = effects.state;
        this.#parts.observed('handled');
      }
    }
    this.#recent.add(message.id, sequence);
    this.#passed(sequence, bytes);
  }

  /** The message is done with: folded in, dropped as a repetition, or skipped. */
  #passed(sequence: number, bytes: Uint8Array): void {
    this.#sequence = sequence;
    this.#last = bytes;
    if (!this.#chain) return;
    this.#compare(sequence);
    if (!this.#witnessed) this.#actor.witness?.note(this.#chain.position, this.#state as State, this.#parts.lease.epoch);
  }

  /** A retried letter is for its actor alone: who reads the whole run has handled it when it first came. */
  #isForAnother(message: Message): boolean {
    return isRetry(message.id) && addressText(message.to) !== addressText(this.#actor.address);
  }

  async #receive(message: Message, sequence: number, abort: AbortSignal): Promise<Effects<State>> {
    const context = contextOf(this.#source, message.id, abort);
    try {
      requireOwn(message, this.#parts.options.run, this.#filter().to);
      const effects = this.#actor.receive(this.#state as State, message, context);
      return effects instanceof Promise ? await effects : effects;
    } catch (reason) {
      if (abort.aborted) throw abort.reason;
      throw new HandlerFailure(sequence, message, reason);
    }
  }

  async #publish(message: Message, tells: readonly Tell[]): Promise<void> {
    if (tells.length === 0) return;
    const { bus } = this.#parts.options;
    const known = isRetry(message.id) ? await this.#toldSinceOrigin(message) : this.#told;
    for (const told of toldMessages(this.#actor.address, message, tells)) {
      if (known.has(told.id)) continue;
      this.#parts.lease.require();
      this.#confirmations.add(bus.publish(told));
    }
    if (this.#confirmations.full) await this.#confirmations.room();
  }

  /** What was told since a retried message first came: it may have been handled halfway then (S3). */
  async #toldSinceOrigin(message: Message): Promise<ReadonlySet<string>> {
    const { bus, run } = this.#parts.options;
    return await new ToldIndex(bus, run, this.#actor.address).since(originOf(message.id).sequence ?? 1);
  }

  #snapshotWhenDue(): void {
    const { settings, clock } = this.#parts.options;
    const messages = this.#sequence - this.#savedSequence;
    if (this.#isSaving || messages === 0) return;
    if (messages < settings.snapshotMessages && clock.now() - this.#savedAt < settings.snapshotMs) return;
    if (this.#actor.canSnapshot?.(this.#state as State) === false) return;
    this.#saving = this.#save();
    this.#saving.catch((reason: unknown) => this.#notSaved(reason));
  }

  async #snapshotNow(): Promise<void> {
    await this.#saving.catch(() => undefined);
    if (this.#sequence === this.#savedSequence || this.#actor.canSnapshot?.(this.#state as State) === false) return;
    await this.#save();
  }

  async #save(): Promise<void> {
    // State and sequence are taken together, before anything is waited for.
    const sequence = this.#sequence;
    const bytes = this.#actor.encode(this.#state as State);
    const last = this.#last ? messageDigest(this.#last) : initialSnapshot.last;
    const stream = this.#chain?.position.digest ?? initialSnapshot.stream;
    this.#isSaving = true;
    try {
      await this.#confirmations.settled();
      this.#actor.witness?.flush();
      await this.#snapshots?.save({ sequence, last, stream, bytes });
      this.#savedSequence = sequence;
    } finally {
      this.#isSaving = false;
      this.#savedAt = this.#parts.options.clock.now();
    }
  }

  #notSaved(reason: unknown): void {
    if (reason instanceof RedQueenError && reason.code === 'aborted') this.#failure.abort(reason);
    else
      this.#parts.options.logger.warn({ err: reason, actor: addressText(this.#actor.address) }, 'snapshot not stored, trying again later');
  }
}
