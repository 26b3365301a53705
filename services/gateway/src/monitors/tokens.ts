import { definePlugin, type Monitor } from '@redqueen/core';
import { z } from 'zod';
import { sampledCount, sampledIn, sampledTokensIn } from '../projection/sampled.ts';

/** Tokens so far. */
interface Tokens {
  readonly sampled: Readonly<Record<string, number>>;
  readonly trained: number;
  readonly settled: number;
}

const monitor: Monitor<Tokens> = {
  name: 'tokens',
  initial: () => ({ sampled: {}, trained: 0, settled: 0 }),
  observe(state, message) {
    const found = sampledIn(message);
    if (found) {
      const { role } = found;
      return { ...state, sampled: { ...state.sampled, [role]: (state.sampled[role] ?? 0) + sampledTokensIn(found) } };
    }
    if (message.kind === 'batch') {
      const trained = message.body.groups.flatMap(({ samples }) => samples).reduce((sum, sample) => sum + sampledCount(sample), 0);
      return { ...state, trained: state.trained + trained };
    }
    return message.kind === 'settlement' && message.body.spec ? { ...state, settled: state.settled + 1 } : state;
  },
  read({ sampled, trained, settled }) {
    const total = Object.values(sampled).reduce((sum, tokens) => sum + tokens, 0);
    return [
      { name: 'sampled', value: total },
      ...Object.entries(sampled).map(([role, value]) => ({ name: `sampled.${role}`, value })),
      { name: 'trained', value: trained },
      { name: 'cost.per-task', value: settled === 0 ? 0 : total / settled },
    ];
  },
};

/** What learning costs in tokens. */
export const tokens = definePlugin({
  kind: 'monitor',
  name: 'tokens',
  source: 'ours',
  about: 'Tokens sampled by role and trained on, and what a settled task costs.',
  options: z.strictObject({}),
  create: () => monitor,
});
