import type { SampleGroup } from '@redqueen/contract';
import { definePlugin, type Monitor } from '@redqueen/core';
import { z } from 'zod';
import { sampledIn } from '../projection/sampled.ts';
import { agentFigure, averaged, averageReadings, type Averages } from './averages.ts';

/** Weight of one group of samples. */
const rate = 1 / 200;

/** Mean −log p of the tokens that were sampled, in nats; undefined where there are none. Tokens that were given are left out. */
export function surprisal({ samples }: SampleGroup): number | undefined {
  const logProbs = samples.flatMap(({ logProbs: all, given }) => all.filter((_, index) => !given[index]));
  return logProbs.length === 0 ? undefined : -logProbs.reduce((sum, logProb) => sum + logProb, 0) / logProbs.length;
}

const monitor: Monitor<Averages> = {
  name: 'entropy',
  initial: () => new Map(),
  observe(state, message) {
    return (sampledIn(message)?.groups ?? []).reduce((so, group) => {
      const value = group ? surprisal(group) : undefined;
      return group?.policy && value !== undefined ? averaged(so, agentFigure(group.policy.agent), value, rate) : so;
    }, state);
  },
  read: averageReadings,
};

/** Moving mean of −log p over sampled tokens: an unbiased estimate of the policy's entropy where sampling is at temperature 1, since log-probs are those at temperature 1. */
export const entropy = definePlugin({
  kind: 'monitor',
  name: 'entropy',
  source: 'Monte-Carlo estimate of the policy entropy; watched against collapse as in DAPO (Yu et al. 2025)',
  about: 'Mean negative log-probability of the tokens that each agent sampled.',
  options: z.strictObject({}),
  create: () => monitor,
});
