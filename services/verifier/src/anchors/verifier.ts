import type { AnchorTask, PolicyStamp } from '@redqueen/contract';
import { areaUnderCurve, brier, type Opinion, type Recipe, type Verifier } from '@redqueen/core';
import { anchorPurpose, type PolicyClient } from '@redqueen/runtime';
import { anchorPairs, type Pair } from './pairs.ts';
import { armResults, groupedFigures, passFigures, type Measured } from './result.ts';

/** Tries the verifier's own anchors. */
export type TryPairs = (run: string, task: AnchorTask, signal: AbortSignal) => Promise<{ measured: Measured; policy: PolicyStamp | null }>;

/** Verifier: Brier score, area under the curve and accuracy on balanced pairs. Passed: judged on the right side of one half. */
export function measureVerifier(pairs: readonly Pair[], opinions: readonly Opinion[]): Measured {
  const judged = pairs.map(({ task, right }, index) => {
    const confidence = opinions[index]?.confidence ?? Number.NaN;
    return { ...task, right, confidence, passed: confidence > 0.5 === right };
  });
  type Judged = (typeof judged)[number];
  const byEnvironment = ({ environment }: Judged): string[] => [environment];
  const confidences = (items: readonly Judged[]): number[] => items.map(({ confidence }) => confidence);
  const rights = (items: readonly Judged[]): boolean[] => items.map(({ right }) => right);
  return {
    figures: [
      ...groupedFigures('brier', judged, (items) => brier(confidences(items), rights(items)), byEnvironment),
      ...groupedFigures('auc', judged, (items) => areaUnderCurve(confidences(items), rights(items)), byEnvironment),
      ...passFigures('accuracy', judged),
    ],
    passed: judged.map(({ passed }) => passed),
    losses: judged.map(({ confidence, right }) => (confidence - Number(right)) ** 2),
    arms: armResults(judged),
    anchors: pairs.map(({ task, answer, right }) => ({ ...task, answer, right })),
  };
}

/** Judges the anchors of a recipe with one version of the verifier. The pairs are made once and kept; where that fails the next try makes them. */
export function createPairAnchors(recipe: Recipe, policy: PolicyClient, judge: Verifier): TryPairs {
  const sets = new Map<string, readonly Pair[]>();
  return async (run, task, signal) => {
    const purpose = anchorPurpose(task);
    const key = `${purpose} ${task.perArm}`;
    const pairs = sets.get(key) ?? (await anchorPairs({ recipe, purpose, perArm: task.perArm }, run, policy, signal));
    sets.set(key, pairs);
    const opinions = await judge.verify({ run, version: task.version }, pairs, signal);
    return { measured: measureVerifier(pairs, opinions), policy: opinions[0]?.judgement?.policy ?? null };
  };
}
