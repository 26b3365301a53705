import type { FailureClass } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';

/** How an attempt ended whose RPC failed for good. Never a class that carries reward. */
export function failureOf(reason: unknown): FailureClass {
  switch (RedQueenError.from(reason).code) {
    case 'deadline_exceeded':
      return 'FAILURE_CLASS_TIMEOUT';
    case 'cancelled':
      return 'FAILURE_CLASS_CANCELLED';
    default:
      return 'FAILURE_CLASS_INFRA_ERROR';
  }
}

const rewarded: ReadonlySet<FailureClass> = new Set(['FAILURE_CLASS_OK', 'FAILURE_CLASS_MALFORMED', 'FAILURE_CLASS_TRUNCATED']);

/** Whether an attempt that ended so carries reward; the others void it. */
export function carriesReward(failure: FailureClass): boolean {
  return rewarded.has(failure);
}
