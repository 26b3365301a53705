import type { Limits, Outcome } from './outcome.ts';

/** What the parent sends: programs to run one after the other. */
export interface CallsMessage {
  readonly codes: readonly string[];
  readonly limits: Limits;
}

/** What the child sends: that it can begin, and then one outcome a program, in order. */
export type ChildMessage = { readonly ready: true } | { readonly outcomes: readonly Outcome[] };
