import { definePlugin } from '@redqueen/core';
import { z } from 'zod';

const schema = z.strictObject({
  /** What an invalid proposal earns in total. Penalties are known to silence proposers, so 0 unless the recipe insists. */
  malformed: z.number().min(-1).max(0).default(0),
  /** Whether a valid proposal never earns less than 0 in total, whatever it is punished for: the max(0, ·) of Agent0's paper. */
  floor: z.boolean().default(false),
});

/**
 * Proposer: 1 for a proposal that is a task of its slot, 0 for one that is not. A gate: never pay for difficulty without validity,
 * so an invalid proposal earns nothing else, and nothing negative unless option `malformed` says so.
 */
export const validity = definePlugin({
  kind: 'reward-term',
  name: 'validity',
  source: 'format gate of R-Zero (2508.05004), with 0 instead of −1 for the malformed',
  about: 'Pays the proposer for a proposal that is a task, and nothing else for one that is not.',
  options: schema,
  create({ malformed, floor }) {
    return {
      name: 'validity',
      earner: 'proposer',
      teller: 'proposer',
      range: [0, 1],
      gate: true,
      closedGate: malformed,
      ...(floor && { floor: 0 }),
      turns: (facts) => facts.proposals,
      formula: (facts) => (facts.kind === 'task' ? 1 : 0),
    };
  },
});
