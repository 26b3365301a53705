import { RedQueenError } from '@redqueen/core';

/** The life of a service: it only ever moves to the right. */
export type LifecycleState = 'starting' | 'running' | 'draining' | 'stopped';

const order: readonly LifecycleState[] = ['starting', 'running', 'draining', 'stopped'];

/** Where a service is in its life. */
export interface Lifecycle {
  readonly state: LifecycleState;
  /** Moves on. Throws `internal` on a step back or to where it is already. */
  advance(to: LifecycleState): void;
}

/** A life that begins now; `changed` hears of every step. */
export function createLifecycle(changed: (state: LifecycleState) => void): Lifecycle {
  let state: LifecycleState = 'starting';
  return {
    get state() {
      return state;
    },
    advance(to) {
      if (order.indexOf(to) <= order.indexOf(state)) throw new RedQueenError('internal', `a service that is ${state} cannot become ${to}`);
      state = to;
      changed(to);
    },
  };
}

/** Resolves with true once the promise has settled, either way, or with false after `ms`. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  try {
    return await Promise.race([
      promise.then(
        () => true as const,
        () => true as const,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
