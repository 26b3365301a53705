import { RedQueenError } from '../errors.ts';
import type { Conformance } from './promise.ts';

/**
 * Checks promises one after the other, for a script without a test runner. Throws `failed_precondition` with a line for each promise that is broken;
 * resolves to the number of promises that were checked.
 */
export async function runConformance(promises: readonly Conformance[]): Promise<number> {
  const broken: string[] = [];
  for (const { promise, check } of promises) {
    try {
      await check();
    } catch (error) {
      broken.push(`${promise}: ${(error as Error).message}`);
    }
  }
  if (broken.length === 0) return promises.length;
  throw new RedQueenError('failed_precondition', `${broken.length} of ${promises.length} promises are broken:\n  ${broken.join('\n  ')}`);
}
