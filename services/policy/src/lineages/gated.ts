import { countFlips } from '../gate/flips.ts';
import { isWorse } from '../gate/rule.ts';
import type { Lineage, TriedVersion } from './lineage.ts';

/**
 * Releases a candidate unless it is worse on the gate anchors than its parent, or than the best of its ancestors: the second comparison
 * stops a slow slide that no single step would show (docs/decisions/0002).
 */
export const gated: Lineage = {
  name: 'gated',
  measures: true,
  admit({ candidate, parent, best, tolerance }) {
    const flips = countFlips(parent.passed, candidate.passed);
    const rivals = best.number === parent.number ? [parent] : [parent, best];
    const better = rivals.find((rival) => isWorse(countFlips(rival.passed, candidate.passed), tolerance));
    if (!better) return { release: true, reason: 'gate', flips };
    return { release: false, reason: refusal(better, candidate, tolerance), flips };
  },
};

function refusal(rival: TriedVersion, candidate: TriedVersion, tolerance: number): string {
  const { passToFail, failToPass } = countFlips(rival.passed, candidate.passed);
  return (
    `gate: of ${candidate.passed.length} anchors ${passToFail} were lost and ${failToPass} gained against version ${rival.number}, ` +
    `more than ${tolerance} standard deviations`
  );
}
