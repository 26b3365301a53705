import { mean } from '@redqueen/core';
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

/** The mean over the agents of a role. It has no interval of its own: agents are no independent trials of one policy. Undefined without agents. */
export function meanChange(changes: readonly Change[]): Change | undefined {
  const [only] = changes;
  if (changes.length < 2) return only;
  const side = (of: 'before' | 'after') => ({
    value: mean(changes.map((change) => change[of].value)),
    count: changes.reduce((sum, change) => sum + change[of].count, 0),
  });
  return { before: side('before'), after: side('after') };
}
