import type { Tell } from '@redqueen/runtime';
import type { PolicyState } from './state.ts';

/** A new state and what is to be told because of it. */
export interface Step {
  readonly state: PolicyState;
  readonly tells: readonly Tell[];
}

/** A step that tells nothing. */
export function quiet(state: PolicyState): Step {
  return { state, tells: [] };
}
