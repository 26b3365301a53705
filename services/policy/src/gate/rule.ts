import type { Flips } from '@redqueen/core';

/**
 * Whether flips speak against the later version: passToFail − failToPass > tolerance · √(passToFail + failToPass).
 * If both kinds were equally likely, the left side would have mean 0 and the root on the right as its standard deviation, so `tolerance`
 * is a one-sided number of standard deviations.
 * Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947), 153-157.
 */
export function isWorse({ passToFail, failToPass }: Flips, tolerance: number): boolean {
  return passToFail - failToPass > tolerance * Math.sqrt(passToFail + failToPass);
}
