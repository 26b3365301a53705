import type { Batch } from '@redqueen/contract';
import type { OptimizerSettings } from '@redqueen/core';
import type { LossSettings, TrainGroup } from '@redqueen/llama';
import type { TrainRequest } from './train-request.ts';
import { adamW, trainGroups } from './train-groups.ts';

type Sample = TrainGroup['samples'][number];

/** Advantage of a sample's sampled tokens: the credit gives all of them the same. Undefined where it has none. */
function advantageOf({ advantages, given }: Sample): number | undefined {
  return advantages.find((_, position) => given?.[position] !== 1);
}

function labelled(sample: Sample, label: 1 | -1): Sample {
  return { ...sample, advantages: new Float32Array(sample.tokens.length).fill(label) };
}

/** The best sample of a group as the preferred one and its worst as the other, the first of equals; undefined where all are alike. */
export function pairOf(group: TrainGroup): TrainGroup | undefined {
  const rated = group.samples.flatMap((sample) => {
    const advantage = advantageOf(sample);
    return advantage === undefined ? [] : [{ sample, advantage }];
  });
  const [best, ...others] = rated.toSorted((a, b) => b.advantage - a.advantage);
  const worst = others.at(-1);
  if (!best || !worst || best.advantage === worst.advantage) return undefined;
  return { ...group, samples: [labelled(best.sample, 1), labelled(worst.sample, -1)] };
}

/** The update of a loss on pairs, one of each group that has two sides: the mean over pairs. */
export function pairRequest(batch: Batch, loss: LossSettings, settings: OptimizerSettings, learningRate: number): TrainRequest {
  const groups = trainGroups(batch).flatMap((group) => pairOf(group) ?? []);
  return { groups, normaliser: Math.max(1, groups.length), loss, update: adamW(settings, learningRate) };
}
