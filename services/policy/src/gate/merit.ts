import { passCount } from './flips.ts';
import { meanLoss } from './losses.ts';

/** What a version did on the gate anchors. */
interface Tried {
  readonly passed: string;
  readonly losses: string;
}

function isBetter(one: Tried, other: Tried): boolean {
  return one.losses === '' ? passCount(one.passed) > passCount(other.passed) : meanLoss(one.losses) < meanLoss(other.losses);
}

/** The version with the least mean loss, or, where no proper score was measured, with most anchors passed; the first of several. */
export function bestOf<Version extends Tried>(versions: readonly Version[]): Version | undefined {
  let best: Version | undefined;
  for (const version of versions) if (!best || isBetter(version, best)) best = version;
  return best;
}
