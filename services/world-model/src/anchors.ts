import type { AnchorAttemptsInput, AnchorTask } from '@redqueen/contract';
import { seedOf, type Recipe } from '@redqueen/core';
import { anchorTransitions, worldModelPrompt, type ExecutedStep } from '@redqueen/environments';
import { anchorPurpose, type PolicyClient } from '@redqueen/runtime';
import { learnedWorld, predictionTokens } from './predictions.ts';

/** Steps for each anchor that the task asks for an arm: the world model has no arms, and a step costs four tokens. */
const stepsPerAnchor = 10;

/** Tries the anchors of a recipe. */
export type TryAnchors = (run: string, task: AnchorTask, signal: AbortSignal) => Promise<AnchorAttemptsInput>;

/** Predicts held-out steps with one version, greedy and where asked once at temperature 1, with fixed seeds. The sets are drawn once and kept. */
export function createAnchors(recipe: Recipe, policy: PolicyClient): TryAnchors {
  const world = learnedWorld(policy);
  const sets = new Map<string, readonly ExecutedStep[]>();
  const setOf = (purpose: ReturnType<typeof anchorPurpose>, count: number): readonly ExecutedStep[] => {
    const key = `${purpose} ${count}`;
    const set = sets.get(key) ?? anchorTransitions(recipe.environments, purpose, count);
    sets.set(key, set);
    return set;
  };
  return async (run, task, signal) => {
    const steps = setOf(anchorPurpose(task), task.perArm * stepsPerAnchor);
    const plan = { run, steps, samples: 1, seed: seedOf('anchor'), maxTokens: predictionTokens(steps), version: task.version };
    const tried = (temperature: number) => world.predict({ ...plan, temperature }, signal);
    const [greedy, sampled] = await Promise.all([tried(0), task.sampled ? tried(1) : []]);
    const items = steps.map(({ environment, state, action }, index) => {
      const samples = [...(greedy[index]?.samples ?? []), ...(sampled[index]?.samples ?? [])];
      const prompt = worldModelPrompt(state, action);
      return {
        spec: { environment, family: '', level: 0, canonical: prompt, origin: 'generator' },
        prompt,
        answers: samples.map(({ text }) => text),
        greedy: 1,
        failures: samples.map(({ failure }) => failure),
      };
    });
    return { anchorId: task.anchorId, task, items, policy: greedy[0]?.policy ?? null };
  };
}
