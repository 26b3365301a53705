import type { AnchorAttemptsInput, AnchorTask, Sample, SampleGroup } from '@redqueen/contract';
import { seedOf, type PolicyClient, type Recipe, type RolloutDriver, type Task } from '@redqueen/core';
import { anchorTasks } from '@redqueen/environments';
import { anchorPurpose, specOf, taskOf } from '@redqueen/runtime';

/** Σ −log p over the tokens that the policy sampled, and how many those are. */
function surprisalOf(samples: readonly Sample[]): { readonly surprisal: number; readonly sampledTokens: number } {
  let surprisal = 0;
  let sampledTokens = 0;
  for (const { logProbs, given } of samples) {
    for (const [token, logProb] of logProbs.entries()) {
      if (given[token]) continue;
      surprisal -= logProb;
      sampledTokens += 1;
    }
  }
  return { surprisal, sampledTokens };
}

/** Tool calls of answers that gave a result; undefined where the driver has no tool. */
function callsOf(samples: readonly Sample[]): { readonly toolCalls?: number } {
  if (samples.every(({ toolCalls }) => toolCalls === undefined)) return {};
  return { toolCalls: samples.reduce((sum, { toolCalls = 0 }) => sum + toolCalls, 0) };
}

/** Tries the anchors of a recipe. */
export type TryAnchors = (run: string, task: AnchorTask, signal: AbortSignal) => Promise<AnchorAttemptsInput>;

/**
 * Tries held-out tasks with one version: greedy first, then as often at temperature 1 as the anchor task asks for. Seeds depend on the anchor alone, so two
 * versions with the same weights give the same figures in every run. The sets are drawn once and kept. `driver` is the recipe's, seeing the task alone.
 */
export function createAnchors(recipe: Recipe, driver: RolloutDriver, policy: PolicyClient): TryAnchors {
  const sets = new Map<string, readonly Task[]>();
  const setOf = (purpose: ReturnType<typeof anchorPurpose>, perArm: number): readonly Task[] => {
    const key = `${purpose} ${perArm}`;
    const set = sets.get(key) ?? anchorTasks(recipe.environments, purpose, perArm);
    sets.set(key, set);
    return set;
  };
  return async (run, task, signal) => {
    const crossPlay = task.purpose === 'ANCHOR_PURPOSE_CROSS_PLAY';
    const tasks = crossPlay ? task.tasks.map(taskOf) : setOf(anchorPurpose(task), task.perArm);
    const tried = (temperature: number, attempts: number): Promise<SampleGroup[]> =>
      Promise.all(
        tasks.map((one) => {
          const seed = seedOf('anchor', one.environment, one.canonical);
          return driver.attempt({ run, agent: task.agent, task: one, attempts, temperature, seed, version: task.version }, policy, signal);
        }),
      );
    const [greedy, sampled] = await Promise.all([tried(0, 1), task.sampled ? tried(1, Math.max(1, task.samples)) : []]);
    const items = tasks.map((one, index) => {
      const samples = [...(greedy[index]?.samples ?? []), ...(sampled[index]?.samples ?? [])];
      return {
        spec: specOf(one, crossPlay ? 'proposer' : 'generator'),
        prompt: greedy[index]?.prompt ?? '',
        answers: samples.map(({ text }) => text),
        greedy: 1,
        failures: samples.map(({ failure }) => failure),
        ...surprisalOf(sampled[index]?.samples ?? []),
        ...callsOf(sampled[index]?.samples ?? []),
      };
    });
    return { anchorId: task.anchorId, task, items, policy: greedy[0]?.policy ?? null };
  };
}
