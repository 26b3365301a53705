import type { Body } from '@redqueen/contract';
import { definePlugin, type Monitor } from '@redqueen/core';
import { z } from 'zod';
import { agentFigure, averaged, averageReadings, type Averages } from './averages.ts';

/** Weight of one batch. */
const rate = 0.1;

/** Share of the batch's groups that carry no signal; a proposer's groups are slots, so that it is counted in proposals. 0 for an empty batch. */
export function wasteOf({ agent, episodes, groups }: Pick<Body<'batch'>, 'agent' | 'episodes' | 'groups'>): number {
  const used = agent.startsWith('proposer/') ? groups.reduce((sum, { samples }) => sum + samples.length, 0) : groups.length;
  return episodes === 0 ? 0 : Math.max(0, 1 - used / episodes);
}

const monitor: Monitor<Averages> = {
  name: 'waste',
  initial: () => new Map(),
  observe: (state, message) =>
    message.kind === 'batch' ? averaged(state, agentFigure(message.body.agent), wasteOf(message.body), rate) : state,
  read: averageReadings,
};

/** Groups of equal rewards teach nothing to a method that compares within groups: the share of what was sampled in vain. */
export const waste = definePlugin({
  kind: 'monitor',
  name: 'waste',
  source: 'share of groups without advantage, which DAPO (Yu et al. 2025, section 3.2) samples away',
  about: 'Share of zero-advantage groups in the batches of each agent.',
  options: z.strictObject({}),
  create: () => monitor,
});
