import type { Address } from '@redqueen/contract';
import type { Clock, IdSource } from '@redqueen/core';
import type { Bus } from '../bus/port.ts';
import type { LedgerDamage } from '../ledger/damage.ts';
import type { Logger } from '../log/logger.ts';
import type { Tell } from './actor.ts';
import type { ActorSettings } from './settings.ts';

/** What a host needs to run an actor in one run. */
export interface ActorHostOptions {
  readonly bus: Bus;
  readonly run: string;
  /** The run's seed; the actor's random streams derive from it. */
  readonly runSeed: number;
  readonly clock: Clock;
  /** Names activations. */
  readonly ids: IdSource;
  /**
   * Name of this host towards other hosts of the actor; a fresh one when left out. One that outlives the process makes its successor take over without
   * waiting for the lease, and must therefore never be in use twice at a time.
   */
  readonly owner?: string | undefined;
  readonly logger: Logger;
  readonly settings?: Partial<ActorSettings>;
  /** Told where a stateful actor finds its run's ledger damaged: it will not go on, whatever is tried. */
  readonly onDamage?: (damage: LedgerDamage) => void;
}

/** The same with every setting filled in. */
export interface ResolvedHostOptions extends ActorHostOptions {
  readonly settings: ActorSettings;
}

/** How an actor is doing; counts since this host started. */
export interface ActorStatus {
  /** standby: another activation holds the lease. recovering: reads back what came since the snapshot. */
  readonly phase: 'starting' | 'standby' | 'recovering' | 'active' | 'draining' | 'stopped';
  /** Epoch of the lease; 0 for a pool. */
  readonly epoch: number;
  /** Last message folded in; 0 for a pool. */
  readonly sequence: number;
  readonly inHand: number;
  readonly handled: number;
  readonly duplicates: number;
  readonly failures: number;
  readonly deadLetters: number;
  /** The newest failure, for a person. */
  readonly lastError: string | undefined;
}

/** An actor at work. */
export interface ActorHost<State = unknown> {
  readonly address: Address;
  /** The state as of the last message handled; undefined for a pool, and while a stateful actor is not active. Not to be changed. */
  state(): State | undefined;
  status(): ActorStatus;
  /**
   * Tells something outside of any message, e.g. because time has passed. The id must be derived from what caused it.
   * Throws `failed_precondition` where a stateful actor is not active here.
   */
  tell(tell: Tell, id: string): Promise<void>;
  /** Stops taking messages, finishes or gives back what is in hand, stores a snapshot, ends (A7). */
  drain(): Promise<void>;
  /** Ends at once: what is in hand is given back. */
  close(): Promise<void>;
  /** Resolves once the host has ended, however it ended. */
  readonly done: Promise<void>;
}
