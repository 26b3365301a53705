import { mean, RedQueenError, sampleDeviation } from '@redqueen/core';

/** The largest of the 256 steps in which losses are kept. */
const steps = 255;

/** Losses in [0, 1] as a text of two hexadecimal digits each, the form in which states keep them: to 1/255, which is far below what an anchor can tell. */
export function lossText(losses: readonly number[]): string {
  return losses
    .map((loss) =>
      Math.round(Math.min(1, Math.max(0, loss)) * steps)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('');
}

/** The losses that `lossText` wrote. */
export function readLosses(text: string): number[] {
  return [...Buffer.from(text, 'hex')].map((step) => step / steps);
}

/** Mean loss; 0 for none. */
export function meanLoss(text: string): number {
  return text === '' ? 0 : mean(readLosses(text));
}

/**
 * Whether losses on the same anchors speak against the later version: mean(after − before) > tolerance · s / √n, the paired t statistic (Student 1908).
 * A proper score sees over-confidence that no verdict flips on. Throws `failed_precondition` where the sets differ in size.
 */
export function isCostlier(before: string, after: string, tolerance: number): boolean {
  if (before.length !== after.length) {
    throw new RedQueenError(
      'failed_precondition',
      `gate: losses of ${before.length / 2} anchors before and ${after.length / 2} now; both versions must be tried on the same anchors`,
    );
  }
  const earlier = readLosses(before);
  const differences = readLosses(after).map((loss, index) => loss - (earlier[index] ?? 0));
  if (differences.length < 2) return (differences[0] ?? 0) > 0;
  return mean(differences) > (tolerance * sampleDeviation(differences)) / Math.sqrt(differences.length);
}
