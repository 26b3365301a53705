import { definePlugin } from '@redqueen/core';
import type { TrainGroup } from '@redqueen/llama';
import { z } from 'zod';
import { trainGroups } from './train-groups.ts';
import { penaltiesOf, updateRequest } from './update-request.ts';

const options = z.strictObject({
  /** one: every chosen answer weighs the same; advantage: as much as its advantage. */
  weight: z.enum(['one', 'advantage']).default('one'),
});

/**
 * Cloning of the policy's own chosen answers: −w log π over the tokens of samples with a positive advantage, nothing for the others.
 * Which samples those are is the credit's choice: those above the group's mean for rejection-sampling fine-tuning, those above a threshold for B-STaR.
 * Source: Z. Yuan et al., Scaling relationship on learning mathematical reasoning (RFT, arXiv 2308.01825); STaR, E. Zelikman et al. (arXiv 2203.14465).
 */
export const clone = definePlugin({
  kind: 'policy-optimizer',
  name: 'clone',
  source: 'Yuan et al. 2023 (RFT, arXiv 2308.01825); Zelikman et al. 2022 (STaR, arXiv 2203.14465)',
  about: 'Raises the likelihood of the answers that earned a positive advantage and ignores the rest.',
  options,
  create: ({ weight }) => ({
    name: 'clone',
    request(batch, settings, learningRate) {
      const groups = trainGroups(batch)
        .map((group) => chosen(group, weight === 'one'))
        .filter(({ samples }) => samples.length > 0);
      return updateRequest(batch, groups, { kind: 'likelihood', ...penaltiesOf(settings) }, settings, learningRate);
    },
  }),
});

function chosen(group: TrainGroup, alike: boolean): TrainGroup {
  const samples = group.samples
    .map((sample) => ({ ...sample, advantages: sample.advantages.map((advantage) => (advantage > 0 ? (alike ? 1 : advantage) : 0)) }))
    .filter(({ advantages }) => advantages.some((advantage) => advantage > 0));
  return { ...group, samples };
}
