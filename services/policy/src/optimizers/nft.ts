import type { Batch } from '@redqueen/contract';
import { definePlugin, RedQueenError } from '@redqueen/core';
import type { TrainGroup } from '@redqueen/llama';
import { z } from 'zod';
import { trainGroups } from './train-groups.ts';
import { clippedLoss, penaltiesOf, updateRequest } from './update-request.ts';

/** Solve rates are kept this far from 0 and 1, so that neither loss nor weight explodes. */
const leastRate = 0.02;

/** What a question weighs, by its solve rate r. */
const weights = {
  'root-odds': (rate: number): number => Math.sqrt((1 - rate) / rate),
  'failure-rate': (rate: number): number => 1 - rate,
  one: (): number => 1,
};

const options = z.strictObject({
  /** What wrong answers weigh: 1 for NFT, 0 for rejection-sampling fine-tuning (RFT), −1 for the baseline DAPO (the clipped surrogate). */
  negativeWeight: z.union([z.number().min(0).max(1), z.literal(-1)]).default(1),
  /** root-odds √((1 − r) / r): the gradient of GRPO on-policy; failure-rate 1 − r: that of Dr. GRPO; one: all questions alike. */
  weight: z.enum(['root-odds', 'failure-rate', 'one']).default('root-odds'),
  /** Least likelihood ratio of the implicit negative policy; smaller values punish rising wrong tokens harder. */
  clampEpsilon: z.number().positive().max(1).default(1),
});

/**
 * Negative-aware fine-tuning: right answers are cloned with −ω log R, wrong ones teach the policy that they were drawn from,
 * −ω log max_v((1 − r R) / (1 − r), ε), where R = π/π_old by token, r is the question's solve rate (kept in [0.02, 0.98]) and ω(r) its weight.
 * Questions that all or no attempts solved teach nothing and are left out. An attempt is right where its advantage is positive.
 * Source: H. Chen et al., Bridging supervised learning and reinforcement learning in math reasoning (arXiv 2505.18116); constants of the authors' code
 * (NVlabs/NFT). Our form: the mean over the batch's tokens, or as the recipe aggregates, where the authors divide sums by 1000.
 */
export const nft = definePlugin({
  kind: 'policy-optimizer',
  name: 'nft',
  source: 'Chen et al. 2025 (NFT, arXiv 2505.18116); authors’ code NVlabs/NFT',
  about: 'Learns from right and wrong answers by maximum likelihood, wrong ones through the policy that they imply.',
  options,
  create: ({ negativeWeight, weight, clampEpsilon }) => ({
    name: 'nft',
    request(batch, settings, learningRate) {
      const groups = trainGroups(batch);
      if (negativeWeight < 0) return updateRequest(batch, groups, clippedLoss(settings), settings, learningRate);
      const taught = groups.flatMap((group, index) => {
        const rate = rateOf(batch, index, group);
        return rate > 0 && rate < 1 ? [labelled(group, rate, weights[weight], negativeWeight)] : [];
      });
      const loss = { kind: 'negative-aware', epsilon: clampEpsilon, ...penaltiesOf(settings) } as const;
      return updateRequest(batch, taught, loss, settings, learningRate);
    },
  }),
});

function rateOf(batch: Batch, index: number, { solveRate }: TrainGroup): number {
  if (solveRate !== undefined) return solveRate;
  const place = `batch ${batch.number} of ${batch.agent}: episode ${batch.groups[index]?.episodeId}`;
  throw new RedQueenError(
    'invalid_argument',
    `${place} has no solve rate, which nft needs; only attempts that a verifier tells right from wrong have one`,
  );
}

/** The group with ω as the size of every advantage and right or wrong as its sign; samples that weigh nothing are left out. */
function labelled(group: TrainGroup, rate: number, weightOf: (rate: number) => number, negativeWeight: number): TrainGroup {
  const solveRate = Math.min(1 - leastRate, Math.max(leastRate, rate));
  const weight = weightOf(solveRate);
  const samples = group.samples
    .map((sample) => ({
      ...sample,
      advantages: sample.advantages.map((advantage) => weight * (advantage > 0 ? 1 : advantage < 0 ? -negativeWeight : 0)),
    }))
    .filter(({ advantages }) => advantages.some((advantage) => advantage !== 0));
  return { ...group, samples, solveRate };
}
