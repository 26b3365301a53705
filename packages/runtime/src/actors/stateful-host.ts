import { addressText, type Address } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { Activation, HandlerFailure } from './activation.ts';
import type { StatefulActor, Tell } from './actor.ts';
import { DeadLetters } from './dead-letters.ts';
import { LedgerDamage } from '../ledger/damage.ts';
import { causeOf, isDead } from './handler-failure.ts';
import type { ActorHost, ActorStatus, ResolvedHostOptions } from './hosting.ts';
import { Lease, leaseBucket } from './lease.ts';
import { backOffMs } from './settings.ts';

// H1. One activation at a time here, and by the lease one everywhere (A1).
// H2. A failed activation is followed by the next one, after a growing time, until `drain` or `close` (A5).
// H3. A fenced host does not end: it stands by for the lease.
// H4. A message that fails too often becomes a dead letter, and no later activation folds it in.
// H5. A damaged ledger is told to whoever started the host, and no message of it is handled.

/** Starts a stateful actor's host. */
export async function startStateful<State>(actor: StatefulActor<State>, options: ResolvedHostOptions): Promise<ActorHost<State>> {
  const host = new StatefulHost(actor, options, await DeadLetters.open(options.bus, options.clock));
  host.start();
  return host;
}

class StatefulHost<State> implements ActorHost<State> {
  readonly done: Promise<void>;
  readonly #actor: StatefulActor<State>;
  readonly #options: ResolvedHostOptions;
  readonly #deadLetters: DeadLetters;
  readonly #owner: string;
  readonly #draining = new AbortController();
  readonly #closing = new AbortController();
  readonly #stopping: AbortSignal;
  readonly #counts = { handled: 0, duplicates: 0, failures: 0, deadLetters: 0 };
  /** By sequence: how often its handler failed. */
  readonly #failed = new Map<number, number>();
  #failuresInARow = 0;
  /** Newest sequence that any activation here has reached. */
  #reached = -1;
  #phase: ActorStatus['phase'] = 'starting';
  #lastError: string | undefined;
  #lease: Lease | undefined;
  #activation: Activation<State> | undefined;
  #finish: () => void = () => undefined;

  constructor(actor: StatefulActor<State>, options: ResolvedHostOptions, deadLetters: DeadLetters) {
    this.#actor = actor;
    this.#options = options;
    this.#deadLetters = deadLetters;
    this.#owner = options.owner ?? options.ids.next();
    this.#stopping = AbortSignal.any([this.#draining.signal, this.#closing.signal]);
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  get address(): Address {
    return this.#actor.address;
  }

  start(): void {
    void this.#live().finally(() => {
      this.#phase = 'stopped';
      this.#finish();
    });
  }

  state(): State | undefined {
    return this.#activation?.state;
  }

  status(): ActorStatus {
    return {
      phase: this.#phase,
      epoch: this.#lease?.epoch ?? 0,
      sequence: this.#activation?.sequence ?? 0,
      inHand: this.#phase === 'active' ? 1 : 0,
      ...this.#counts,
      lastError: this.#lastError,
    };
  }

  async tell(tell: Tell, id: string): Promise<void> {
    if (!this.#activation)
      throw new RedQueenError('failed_precondition', `${addressText(this.address)} is not active here: ask again later`);
    await this.#activation.tell(tell, id);
  }

  async drain(): Promise<void> {
    if (this.#phase === 'stopped') return;
    this.#phase = 'draining';
    this.#draining.abort(stopped(this.address));
    const { clock, settings } = this.#options;
    const inTime = new AbortController();
    await Promise.race([this.done, clock.sleep(settings.drainMs, inTime.signal).catch(() => undefined)]);
    inTime.abort();
    await this.close();
  }

  async close(): Promise<void> {
    this.#closing.abort(stopped(this.address));
    await this.done;
  }

  /** Lives on from activation to activation. */
  async #live(): Promise<void> {
    while (!this.#stopping.aborted) {
      try {
        this.#lease = await this.#heldLease();
        await this.#activate(this.#lease);
      } catch (reason) {
        await this.#recover(reason);
      } finally {
        this.#activation = undefined;
      }
    }
    await this.#lease?.release();
  }

  async #heldLease(): Promise<Lease> {
    if (this.#lease && !this.#lease.lost.aborted) return this.#lease;
    const { bus, run, clock, logger, settings } = this.#options;
    this.#phase = 'standby';
    const bucket = await bus.keyValue(leaseBucket);
    const { leaseMs } = settings;
    return await Lease.acquire({ bucket, run, address: this.address, owner: this.#owner, leaseMs, clock, logger }, this.#stopping);
  }

  async #activate(lease: Lease): Promise<void> {
    if (!this.#stopping.aborted) this.#phase = 'recovering';
    const skipped = await this.#deadLetters.skipped(this.#options.run, this.address);
    this.#activation = new Activation(this.#actor, {
      options: this.#options,
      lease,
      skipped,
      observed: (kind) => this.#counts[kind]++,
      caughtUp: () => {
        if (this.#phase === 'recovering') this.#phase = 'active';
      },
    });
    await this.#activation.run(this.#draining.signal, this.#closing.signal);
  }

  async #recover(reason: unknown): Promise<void> {
    if (this.#stopping.aborted) return;
    const { logger, settings, clock } = this.#options;
    const cause = reason instanceof HandlerFailure ? reason.cause : reason;
    this.#lastError = causeOf(cause);
    const facts = { actor: addressText(this.address), run: this.#options.run, err: cause };
    if (this.#lease?.lost.aborted) {
      this.#lease = undefined;
      logger.warn(facts, 'fenced: another activation took over, standing by');
      return;
    }
    if (cause === reason && reason instanceof RedQueenError && reason.code === 'cancelled') {
      logger.warn(facts, 'the bus was closed, the actor ends');
      this.#closing.abort(reason);
      return;
    }
    if (reason instanceof LedgerDamage) {
      logger.error(facts, `${addressText(this.#actor.address)} refuses to work: ${reason.message}`);
      this.#options.onDamage?.(reason);
    }
    this.#counts.failures++;
    const sequence = this.#activation?.sequence ?? 0;
    this.#failuresInARow = sequence > this.#reached ? 1 : this.#failuresInARow + 1;
    this.#reached = Math.max(this.#reached, sequence);
    try {
      if (reason instanceof HandlerFailure) await this.#buryWhenDead(reason);
    } catch (failure) {
      logger.error({ ...facts, err: failure }, 'dead letter not recorded');
    }
    logger.warn({ ...facts, sequence }, 'activation failed, starting again from the snapshot');
    await clock.sleep(backOffMs(settings, this.#failuresInARow), this.#stopping).catch(() => undefined);
  }

  async #buryWhenDead(failure: HandlerFailure): Promise<void> {
    const { settings, run, logger } = this.#options;
    const { sequence, handled: message } = failure;
    const failures = (this.#failed.get(sequence) ?? 0) + 1;
    this.#failed.set(sequence, failures);
    // What cannot be read will not become readable.
    if (message && !isDead(settings, { failures, deliveries: failures }, failure.cause)) return;
    const cause = causeOf(failure.cause);
    await this.#deadLetters.record({ run, actor: this.address, sequence, message, cause, deliveries: failures });
    logger.error({ actor: addressText(this.address), sequence, err: failure.cause }, 'handler failed too often, the message is dead');
    this.#failed.delete(sequence);
    this.#counts.deadLetters++;
  }
}

function stopped(address: Address): RedQueenError {
  return new RedQueenError('cancelled', `${addressText(address)} is stopping`);
}
