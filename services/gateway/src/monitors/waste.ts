import type { Body } from '@redqueen/contract';
import { definePlugin, type Monitor } from '@redqueen/core';
import { z } from 'zod';
import { agentFigure, averaged, averageReadings, type Averages } from './averages.ts';

/** Weight of one batch. */
const rate = 0.1;

/** Share of the batch's groups that carry no signal, once the whole credit pipeline has worked; 0 for an empty batch. */
export function wasteOf({ groups, wasted }: Pick<Body<'batch'>, 'groups' | 'wasted'>): number {
  return wasted === 0 ? 0 : wasted / (wasted + groups.length);
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
