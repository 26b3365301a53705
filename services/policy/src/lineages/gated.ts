import { definePlugin, type Admission, type Lineage, type TriedVersion } from '@redqueen/core';
import { z } from 'zod';
import { countFlips } from '../gate/flips.ts';
import { isCostlier, meanLoss } from '../gate/losses.ts';
import { isWorse } from '../gate/rule.ts';

const lineage: Lineage = {
  name: 'gated',
  measures: true,
  admit(admission) {
    const { candidate, parent, best } = admission;
    const flips = countFlips(parent.passed, candidate.passed);
    const rivals = best.number === parent.number ? [parent] : [parent, best];
    for (const rival of rivals) {
      const objection = candidate.losses === '' ? flipObjection(rival, admission) : lossObjection(rival, admission);
      if (objection) return { release: false, reason: `gate: ${objection}`, flips };
    }
    return { release: true, reason: 'gate', flips };
  },
};

function flipObjection(rival: TriedVersion, { candidate, tolerance }: Admission): string | undefined {
  const flips = countFlips(rival.passed, candidate.passed);
  if (!isWorse(flips, tolerance)) return undefined;
  const { passToFail, failToPass } = flips;
  return (
    `of ${candidate.passed.length} anchors ${passToFail} were lost and ${failToPass} gained against version ${rival.number}, ` +
    `more than ${tolerance} standard deviations`
  );
}

function lossObjection(rival: TriedVersion, { candidate, lossTolerance }: Admission): string | undefined {
  if (!isCostlier(rival.losses, candidate.losses, lossTolerance)) return undefined;
  const [before, after] = [rival, candidate].map(({ losses }) => meanLoss(losses).toFixed(4));
  const margin = lossTolerance < 0 ? `less than ${-lossTolerance} standard errors better` : `more than ${lossTolerance} standard errors`;
  return `mean loss ${after} on ${candidate.losses.length / 2} anchors against ${before} of version ${rival.number}, ${margin}`;
}

/**
 * Releases a candidate unless it is worse on the gate anchors than its parent, or than the best of its ancestors: the second comparison
 * stops a slow slide that no single step would show (docs/decisions/0002). Losses of a proper score decide where there are some, else flips.
 */
export const gated = definePlugin({
  kind: 'lineage',
  name: 'gated',
  source: 'ours (docs/decisions/0002); pass→fail flips as in regression testing of models, Yan et al. 2021',
  about: 'Releases a candidate unless it is worse on the gate anchors than its parent or the best of its ancestors.',
  options: z.strictObject({}),
  create: () => lineage,
});
