import { definePlugin, type Monitor } from '@redqueen/core';
import { z } from 'zod';
import { agentFigure, averaged, averageReadings, type Averages } from './averages.ts';

/** Weight of one reward: about the newest thousand count. */
const rate = 1 / 1000;

const monitor: Monitor<Averages> = {
  name: 'roles',
  initial: () => new Map(),
  observe(state, message) {
    if (message.kind === 'rewards') {
      return message.body.rewards.reduce((so, { agent, term, value }) => averaged(so, `${agentFigure(agent)}.${term}`, value, rate), state);
    }
    if (message.kind !== 'settlement') return state;
    return message.body.totals.reduce(
      (so, { agent, totals }) => totals.reduce((still, total) => averaged(still, `${agentFigure(agent)}.total`, total, rate), so),
      state,
    );
  },
  read: averageReadings,
};

/** Moving mean of the rewards by agent and term, and of the totals that were settled. */
export const roles = definePlugin({
  kind: 'monitor',
  name: 'roles',
  source: 'ours',
  about: 'Rewards by agent and term, and what they add up to.',
  options: z.strictObject({}),
  create: () => monitor,
});
