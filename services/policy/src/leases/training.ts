import type { OptimizerSettings } from '@redqueen/core';
import type { PolicyDevice, SampledGroup, TrainGroup } from '@redqueen/llama';
import { adamW } from '../optimizers/train-groups.ts';
import type { LeaseTerms } from './request.ts';

/** Log-probs of the examples' completions under a version. */
export function scoreExamples(
  device: PolicyDevice,
  agent: string,
  version: number,
  { examples }: LeaseTerms,
): Promise<readonly SampledGroup[]> {
  return device.score({ agent, version, prompts: examples.map(({ text, completion }) => ({ text, continuations: [completion] })) });
}

/** Mean −log p of all tokens, in nats. */
export function meanLoss(scored: readonly SampledGroup[]): number {
  const logProbs = scored.flatMap(({ samples }) => samples.flatMap((sample) => [...sample.logProbs]));
  return -logProbs.reduce((sum, value) => sum + value, 0) / Math.max(1, logProbs.length);
}

/** Makes the updates: each raises the weighted likelihood of all examples' tokens (supervised fine-tuning). */
export async function trainOn(
  device: PolicyDevice,
  agent: string,
  scored: readonly SampledGroup[],
  { examples, steps, learningRate }: LeaseTerms,
  settings: OptimizerSettings,
): Promise<void> {
  const groups = scored.map((group, index) => trainGroup(group, examples[index]?.weight ?? 1));
  const normaliser = groups.reduce((sum, { samples }) => sum + samples.reduce((all, { tokens }) => all + tokens.length, 0), 0);
  const loss = { kind: 'likelihood', klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } as const;
  const update = adamW(settings, learningRate || settings.learningRate);
  for (let step = 0; step < steps; step++) await device.train({ agent, groups, normaliser, loss, update });
}

function trainGroup({ promptTokens, samples }: SampledGroup, weight: number): TrainGroup {
  return {
    promptTokens,
    samples: samples.map(({ tokens, logProbs }) => ({
      tokens,
      oldLogProbs: logProbs,
      advantages: new Float32Array(tokens.length).fill(weight),
    })),
  };
}
