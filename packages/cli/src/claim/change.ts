import type { RunReport } from '@redqueen/sdk';

/** A figure before and after a run. */
export interface Change {
  readonly before: RunReport['heldOut'][number]['before'];
  readonly after: RunReport['heldOut'][number]['after'];
}

/** What is measured of a change: the gain after − before, or the value after. */
export function valueOf({ before, after }: Change, of: 'gain' | 'value'): number {
  return of === 'gain' ? after.value - before.value : after.value;
}
