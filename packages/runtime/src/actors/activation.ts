import { addressText, type Message } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { StoredMessage } from '../bus/port.ts';
import type { Effects, StatefulActor, Tell } from './actor.ts';
import { Confirmations } from './confirmations.ts';
import { contextOf, toldMessages, type ContextSource } from './context.ts';
import type { ResolvedHostOptions } from './hosting.ts';
import type { Lease } from './lease.ts';
import { Snapshots, type Snapshot } from './snapshots.ts';
import { RecentIds, ToldIndex } from './told.ts';

// S1. Messages are folded in stream order, one at a time; `sequence` is the last one folded in.
// S2. An effect is told only while the lease holds; the signal of the activation aborts when it does not.
// S3. What an activation before this one told after its snapshot is read from the stream and not told again: exactly once, however long ago.
// S4. A snapshot covers a message only when everything told up to it is confirmed.
// S5. Any failure ends the activation. The next one starts from the snapshot, so that a half-changed state is never kept.

/** Publications that may be unconfirmed at once. */
const unconfirmedLimit = 1024;
/** How many messages before the snapshot are looked at for ids that come again. */
const rememberedIds = 4096;

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
  readonly #recent = new RecentIds(rememberedIds);
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
    const { bus, run, clock } = this.#parts.options;
    const { address } = this.#actor;
    this.#snapshots = await Snapshots.open(bus, run, address, this.#parts.lease.epoch);
    const snapshot: Snapshot = await this.#snapshots.begin();
    const last = await bus.lastSequence(run);
    if (last > snapshot.sequence) this.#told = await new ToldIndex(bus, run, address).since(snapshot.sequence + 1);
    await this.#remember(snapshot.sequence);
    const state = snapshot.bytes ? this.#actor.decode(snapshot.bytes) : this.#actor.initial();
    await this.#actor.activated?.(state, contextOf(this.#source, 'activation', abort));
    [this.#state, this.#sequence, this.#savedSequence, this.#savedAt] = [state, snapshot.sequence, snapshot.sequence, clock.now()];
    return last;
  }

  /** Ids handled shortly before the snapshot: the same message may come again after it. */
  async #remember(sequence: number): Promise<void> {
    if (sequence === 0) return;
    const { bus, run } = this.#parts.options;
    for await (const stored of bus.read(run, { from: Math.max(1, sequence - rememberedIds), follow: false, ...this.#filter() })) {
      if (stored.sequence > sequence) break;
      this.#recent.add(stored.message.id);
    }
  }

  #filter(): { to?: StatefulActor<State>['address'] } {
    return this.#actor.reads === 'mailbox' ? { to: this.#actor.address } : {};
  }

  async #follow(last: number, stop: AbortSignal, abort: AbortSignal): Promise<void> {
    const { bus, run } = this.#parts.options;
    const from = this.#sequence + 1;
    const onUnreadable = (sequence: number, reason: string): void => {
      if (this.#parts.skipped.has(sequence)) return;
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

  async #handle({ message, sequence }: StoredMessage, abort: AbortSignal): Promise<void> {
    if (!this.#parts.skipped.has(sequence)) {
      if (this.#recent.has(message.id)) {
        this.#parts.observed('duplicates');
      } else {
        const effects = await this.#receive(message, sequence, abort);
        await this.#publish(message, effects.tells);
        this.#state = effects.state;
        this.#recent.add(message.id);
        this.#parts.observed('handled');
      }
    }
    this.#sequence = sequence;
  }

  async #receive(message: Message, sequence: number, abort: AbortSignal): Promise<Effects<State>> {
    const context = contextOf(this.#source, message.id, abort);
    try {
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
    for (const told of toldMessages(this.#actor.address, message, tells)) {
      if (this.#told.has(told.id)) continue;
      this.#parts.lease.require();
      this.#confirmations.add(bus.publish(told));
    }
    if (this.#confirmations.full) await this.#confirmations.room();
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
    this.#isSaving = true;
    try {
      await this.#confirmations.settled();
      await this.#snapshots?.save(sequence, bytes);
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
