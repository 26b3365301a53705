import type { Message, SampleGroup } from '@redqueen/contract';
import { definePlugin, type Monitor } from '@redqueen/core';
import { z } from 'zod';

/** Tokens so far. */
interface Tokens {
  readonly sampled: Readonly<Record<string, number>>;
  readonly trained: number;
  readonly settled: number;
}

function tokensOf(groups: readonly (SampleGroup | null)[]): number {
  return groups.reduce((sum, group) => sum + (group?.samples ?? []).reduce((so, { tokens }) => so + tokens.length, 0), 0);
}

/** Who sampled how many tokens; anchors are measurement and do not count. */
function sampledIn(message: Message): { readonly role: string; readonly tokens: number } | undefined {
  if (message.kind === 'attempts') return { role: 'executor', tokens: tokensOf([message.body.group]) };
  if (message.kind === 'task' || message.kind === 'rejected') return { role: 'proposer', tokens: tokensOf([message.body.proposal]) };
  if (message.kind === 'predictions') return { role: 'world-model', tokens: tokensOf(message.body.groups) };
  return undefined;
}

const monitor: Monitor<Tokens> = {
  name: 'tokens',
  initial: () => ({ sampled: {}, trained: 0, settled: 0 }),
  observe(state, message) {
    const found = sampledIn(message);
    if (found) return { ...state, sampled: { ...state.sampled, [found.role]: (state.sampled[found.role] ?? 0) + found.tokens } };
    if (message.kind === 'batch') {
      const trained = message.body.groups.flatMap(({ samples }) => samples).reduce((sum, { tokens }) => sum + tokens.length, 0);
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
