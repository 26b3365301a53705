import { RedQueenError, type Flips } from '@redqueen/core';

/** No difference. */
export const noFlips: Flips = { passToFail: 0, failToPass: 0 };

/** Pass/fail answers as a text of "1" and "0", the form in which states keep them. */
export function passText(passed: readonly boolean[]): string {
  return passed.map((pass) => (pass ? '1' : '0')).join('');
}

/** How many anchors were passed. */
export function passCount(passed: string): number {
  return passed.split('1').length - 1;
}

/** Counts the flips between two answers to the same anchors in the same order. Throws `failed_precondition` where the sets differ in size. */
export function countFlips(before: string, after: string): Flips {
  if (before.length !== after.length) {
    throw new RedQueenError(
      'failed_precondition',
      `gate: ${before.length} anchors before and ${after.length} now; both versions must be tried on the same anchors`,
    );
  }
  let passToFail = 0;
  let failToPass = 0;
  for (let index = 0; index < before.length; index++) {
    if (before[index] === after[index]) continue;
    if (before[index] === '1') passToFail++;
    else failToPass++;
  }
  return { passToFail, failToPass };
}
