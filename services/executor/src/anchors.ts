import type { AnchorAttemptsInput, AnchorTask, SampleGroup } from '@redqueen/contract';
import { seedOf, type Recipe, type Task } from '@redqueen/core';
import { anchorTasks } from '@redqueen/environments';
import { anchorPurpose, specOf, type PolicyClient } from '@redqueen/runtime';
import { plan } from './drivers/index.ts';

/** Tries the anchors of a recipe. */
export type TryAnchors = (run: string, task: AnchorTask, signal: AbortSignal) => Promise<AnchorAttemptsInput>;

/**
 * Tries held-out tasks with one version: greedy first, then once at temperature 1 where the anchor task asks for it. Seeds depend on the anchor alone, so two
 * versions with the same weights give the same figures in every run. The sets are drawn once and kept.
 */
export function createAnchors(recipe: Recipe, policy: PolicyClient): TryAnchors {
  const sets = new Map<string, readonly Task[]>();
  const setOf = (purpose: ReturnType<typeof anchorPurpose>, perArm: number): readonly Task[] => {
    const key = `${purpose} ${perArm}`;
    const set = sets.get(key) ?? anchorTasks(recipe.environments, purpose, perArm);
    sets.set(key, set);
    return set;
  };
  return async (run, task, signal) => {
    const tasks = setOf(anchorPurpose(task), task.perArm);
    const tried = (temperature: number): Promise<SampleGroup[]> =>
      Promise.all(
        tasks.map((one) => {
          const seed = seedOf('anchor', one.environment, one.canonical);
          return plan.attempt({ run, task: one, attempts: 1, temperature, seed, version: task.version }, policy, signal);
        }),
      );
    const [greedy, sampled] = await Promise.all([tried(0), task.sampled ? tried(1) : []]);
    const items = tasks.map((one, index) => {
      const samples = [...(greedy[index]?.samples ?? []), ...(sampled[index]?.samples ?? [])];
      return {
        spec: specOf(one, 'generator'),
        prompt: greedy[index]?.prompt ?? '',
        answers: samples.map(({ text }) => text),
        greedy: 1,
        failures: samples.map(({ failure }) => failure),
      };
    });
    return { anchorId: task.anchorId, task, items, policy: greedy[0]?.policy ?? null };
  };
}
