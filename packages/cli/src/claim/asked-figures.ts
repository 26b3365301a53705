import { RedQueenError } from '@redqueen/sdk';
import type { Claim } from './arms.ts';
import type { ArmResult } from './evaluate.ts';
import { findChange, wholeFigures } from './figures.ts';

/**
 * That a run measured every figure which its claim asks of its arm, looked at after each run, so that a mistyped name costs one run instead of all of them.
 * Throws `invalid_argument` with the name and the held-out figures that there are. Runs that did not finish are passed over.
 */
export function requireAskedFigures(claim: Claim, { arm, run, report }: ArmResult): void {
  if (!report) return;
  const asked = [
    ...claim.expect.filter((expectation) => expectation.arm === arm).map(({ figure }) => ({ figure, field: 'claim.expect' })),
    ...(claim.effect && [claim.effect.arm, claim.effect.against].includes(arm)
      ? [{ figure: claim.effect.figure, field: 'claim.effect' }]
      : []),
  ];
  const missing = asked.find(({ figure }) => !findChange(report, figure));
  if (!missing) return;
  throw new RedQueenError(
    'invalid_argument',
    `${missing.field} asks for the figure ${missing.figure}, which run ${run} of arm ${arm} did not measure; held-out figures are ${wholeFigures(report).join(', ')}, docs/reference/cli.md names those of learning`,
  );
}
