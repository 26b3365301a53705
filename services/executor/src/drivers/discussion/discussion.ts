import { definePlugin, registryOf } from '@redqueen/core';
import { z } from 'zod';
import { plan } from '../plan.ts';
import { answers } from './answers.ts';
import { discuss } from './discuss.ts';

/** The forms of discussion by name. */
const forms = registryOf('form of discussion', [answers]);

/**
 * A discussion among peers in the rounds of CoMAS: one peer proposes solutions, for each solution another looks for flaws, and a third scores solution and
 * evaluation against each other. Scorings stay out of the discussion. One round, and one evaluation a solution; the paper's has m = 2·peers and n = 1.
 */
export const discussion = definePlugin({
  kind: 'rollout-driver',
  name: 'discussion',
  source: 'Xue et al. 2025 (CoMAS, 2510.08529), section 3.1; one round, the acts in our form',
  about: 'Peers solve a task, evaluate each other’s solutions, and score solution against evaluation.',
  options: z.strictObject({
    /** How acts are put into words and read. */
    form: z.string().default('answers'),
    /** Whether solutions are evaluated before they are scored; false is an ablation of the paper. */
    evaluation: z.boolean().default(true),
    /** Who scores: a peer, or the author itself (an ablation). */
    scorer: z.enum(['peer', 'self']).default('peer'),
  }),
  create({ form: name, evaluation, scorer }, tools) {
    const form = forms.get(name);
    return {
      ...plan.create({}, tools),
      name: 'discussion',
      discuss: (asked, policy, signal) => discuss({ form, plan: asked, policy, signal }, { evaluation, scorer }),
    };
  },
});
