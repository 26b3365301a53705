import { definePlugin, movingAverage, type ArmKey, type Curriculum } from '@redqueen/core';
import { z } from 'zod';

const optionsSchema = z.strictObject({
  /** Share of slots that are drawn uniformly, so that no arm is forgotten. */
  explore: z.number().min(0).max(1).default(0.3),
  /** Rates of the two moving averages of gate accuracy; their distance is the progress. */
  fast: z.number().gt(0).max(1).default(0.3),
  slow: z.number().gt(0).max(1).default(0.1),
  /** Weight of s(1 − s), s being the average training solve rate: where the executor is neither helpless nor done. */
  frontier: z.number().min(0).default(0.08),
  /** Rate of the moving average of the training solve rate. */
  solveRate: z.number().gt(0).max(1).default(0.05),
  /** Weight of an arm of which fewer than two episodes are known. */
  unseen: z.number().min(0).default(0.05),
});

interface ArmMemory {
  /** Moving averages of gate accuracy; null before the first release. */
  readonly fast: number | null;
  readonly slow: number | null;
  /** Moving average of the training solve rate; null before the first episode. */
  readonly solveRate: number | null;
  readonly episodes: number;
}

interface Memory {
  readonly explore: number;
  readonly arms: readonly ArmMemory[];
}

const blank: ArmMemory = { fast: null, slow: null, solveRate: null, episodes: 0 };
/** Keeps the weights' sum off zero where nothing progresses and nothing is on the frontier. */
const floor = 1e-9;

function createLearningProgress(arms: readonly ArmKey[], settings: z.output<typeof optionsSchema>): Curriculum<Memory> {
  const progressOf = ({ fast, slow }: ArmMemory): number => (fast === null || slow === null ? 0 : Math.abs(fast - slow));
  const weightOf = (arm: ArmMemory): number => {
    if (arm.episodes < 2 || arm.solveRate === null) return settings.unseen + floor;
    return progressOf(arm) + settings.frontier * arm.solveRate * (1 - arm.solveRate) + floor;
  };
  const changed = (memory: Memory, change: (arm: ArmMemory, index: number) => ArmMemory): Memory => ({
    ...memory,
    arms: memory.arms.map(change),
  });
  return {
    initial: () => ({ explore: settings.explore, arms: arms.map(() => blank) }),
    settled: (memory, index, { attempts, solved }) =>
      changed(memory, (arm, other) => {
        if (other !== index) return arm;
        const rate = solved / attempts;
        const solveRate = arm.solveRate === null ? rate : movingAverage(arm.solveRate, rate, settings.solveRate);
        return { ...arm, solveRate, episodes: arm.episodes + 1 };
      }),
    released: (memory, accuracies) =>
      changed(memory, (arm, index) => {
        const accuracy = accuracies[index];
        if (accuracy === undefined) return arm;
        const follow = (previous: number | null, rate: number): number =>
          previous === null ? accuracy : movingAverage(previous, accuracy, rate);
        return { ...arm, fast: follow(arm.fast, settings.fast), slow: follow(arm.slow, settings.slow) };
      }),
    probabilities: (memory) => {
      const weights = memory.arms.map(weightOf);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => memory.explore / arms.length + ((1 - memory.explore) * weight) / total);
    },
    progress: (memory) => memory.arms.map(progressOf),
    turned: (memory, knob, value) => (knob === 'explore' && value >= 0 && value <= 1 ? { ...memory, explore: value } : undefined),
  };
}

/**
 * Slots go where gate accuracy changes, up or down: an arm's weight is |fast − slow| of its gate accuracy plus frontier · s(1 − s) of its training
 * solve rate, mixed with a uniform share. Absolute progress of two moving averages: Matiisen et al. 2017 (Teacher–Student Curriculum Learning) and
 * Kanitscheider et al. 2021; measured on anchors rather than on training tasks, so that a proposer's choice of tasks cannot pass for progress.
 * Knob `explore` in [0, 1].
 */
export const learningProgress = definePlugin({
  kind: 'curriculum',
  name: 'learning-progress',
  source: 'Matiisen et al. 2017 (Teacher–Student Curriculum Learning); Kanitscheider et al. 2021; measured on gate anchors',
  about: 'Opens slots where gate accuracy changes, and where the executor is neither helpless nor done.',
  options: optionsSchema,
  create: (options, { arms }) => createLearningProgress(arms, options),
});
