import { definePlugin, movingAverage, type ArmKey, type Curriculum } from '@redqueen/core';
import { z } from 'zod';

const optionsSchema = z.strictObject({
  /** Share of slots that are drawn uniformly, so that an arm whose estimate reached 0 or 1 is tried again. */
  explore: z.number().min(0).max(1).default(0.1),
  /** Rate of the moving average of an arm's training solve rate. */
  rate: z.number().gt(0).max(1).default(0.05),
});

/** Moving average of each arm's solve rate; null before its first episode. */
interface Memory {
  readonly explore: number;
  readonly solveRates: readonly (number | null)[];
}

/** p(1 − p); what was never tried counts as p = ½, the most that there can be. */
function variance(solveRate: number | null): number {
  return solveRate === null ? 0.25 : solveRate * (1 - solveRate);
}

function createSolveRateVariance(arms: readonly ArmKey[], { explore, rate }: z.output<typeof optionsSchema>): Curriculum<Memory> {
  return {
    initial: () => ({ explore, solveRates: arms.map(() => null) }),
    settled: (memory, arm, { attempts, solved }) => ({
      ...memory,
      solveRates: memory.solveRates.map((before, index) => {
        if (index !== arm) return before;
        return before === null ? solved / attempts : movingAverage(before, solved / attempts, rate);
      }),
    }),
    released: (memory) => memory,
    probabilities: (memory) => {
      const weights = memory.solveRates.map(variance);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      // With nothing to learn anywhere every arm is as good as another.
      return weights.map((weight) =>
        total === 0 ? 1 / arms.length : memory.explore / arms.length + ((1 - memory.explore) * weight) / total,
      );
    },
    progress: () => arms.map(() => 0),
    turned: (memory, knob, value) => (knob === 'explore' && value >= 0 && value <= 1 ? { ...memory, explore: value } : undefined),
  };
}

/** An arm's chance is in proportion to p(1 − p), p its solve rate in training: the variance of one attempt, largest where half of the attempts are right. */
export const solveRateVariance = definePlugin({
  kind: 'curriculum',
  name: 'solve-rate-variance',
  source:
    'Tzannetos et al. 2023 (ProCuRL, p(1 − p) of a task’s success probability); Florensa et al. 2018 (goals of intermediate difficulty). Our form: drawn in proportion over (family, level), p a moving average, a uniform share mixed in',
  about: 'Slots go where the executor solves about half: chances in proportion to p(1 − p). Knob `explore` in [0, 1].',
  options: optionsSchema,
  create: (options, { arms }) => createSolveRateVariance(arms, options),
});
