import type { Address, Message, ToldInput } from '@redqueen/contract';
import type { Clock, Random } from '@redqueen/core';
import type { StreamPosition } from '../ledger/stream-chain.ts';

/** A message that an actor wants told. Its id is derived from the input's id and its index. */
export type Tell = { readonly to: Address } & ToldInput;

/** What an actor may use while it handles a message. */
export interface ActorContext {
  readonly run: string;
  readonly self: Address;
  readonly clock: Clock;
  /** A random stream of its own for a purpose: the same run seed, message and purpose give the same numbers. */
  random(purpose: string): Random;
  /** Aborts when the actor must stop, or its deadline has passed. */
  readonly signal: AbortSignal;
}

/**
 * An actor without state: any replica may handle any message, many at a time.
 * Handling a message again must be harmless (A3): the same ids are told.
 */
export interface PoolActor {
  readonly type: 'pool';
  readonly address: Address;
  /** Messages in hand at once in this process. */
  readonly concurrency: number;
  receive(message: Message, context: ActorContext): Promise<readonly Tell[]>;
}

/** What a stateful actor answers. */
export interface Effects<State> {
  readonly state: State;
  readonly tells: readonly Tell[];
}

/**
 * An actor with state: one activation at a time (A1), messages in stream order, state' = receive(state, message).
 * The host stores snapshots with the sequence folded in; after a crash it goes on from the newest one and tells nothing twice.
 */
export interface StatefulActor<State> {
  readonly type: 'stateful';
  readonly address: Address;
  /** 'mailbox': messages to this address. 'run': every message of the run, its own included. */
  readonly reads: 'mailbox' | 'run';
  initial(): State;
  encode(state: State): Uint8Array;
  decode(bytes: Uint8Array): State;
  receive(state: State, message: Message, context: ActorContext): Effects<State> | Promise<Effects<State>>;
  /**
   * Whether the state may be snapshotted now. Where it answers false, a crash handles again what came since the newest snapshot
   * (a trainer: only what its last candidate committed). Always when left out.
   */
  canSnapshot?(state: State): boolean;
  /** The second place; only with `reads: 'run'`. Where it is left out, nobody but the snapshots knows how far the stream went. */
  readonly witness?: Witness<State>;
  /** Called with a restored or initial state before the first message, e.g. to load adapters. */
  activated?(state: State, context: ActorContext): Promise<void>;
}

/** A second place, outside of the bus, that knows how far a run's stream went and what it came to: a store that lost its end cannot know that itself. */
export interface Witness<State> {
  /** What was noted last; undefined where nothing was. Throws `data_loss` where it cannot be read. */
  newest(): StreamPosition | undefined;
  /** Notes what has been folded in; called after every message and must be cheap. */
  note(position: StreamPosition, state: State, epoch: number): void;
  /** Puts what was noted on the disk; throws where that cannot be done. */
  flush(): void;
}

/** Any actor; what its state is, is its own affair. */
export type Actor = PoolActor | StatefulActor<unknown>;
