import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { trainGroups } from './train-groups.ts';
import { penaltiesOf, updateRequest } from './update-request.ts';

const options = z.strictObject({
  /** Most that a token of an older version weighs by its ratio π/π_old; left out, every token weighs 1, which is right on the policy's own samples. */
  truncateAt: z.number().min(1).optional(),
});

/**
 * The policy gradient itself, −A log π, without a clip. With credit leave-one-out it is RLOO; with `truncateAt` tokens are weighed by
 * min(π/π_old, truncateAt), so that those of stale versions keep a gradient (TIS).
 * Source: R. Williams, Simple statistical gradient-following algorithms (1992); A. Ahmadian et al., Back to basics (RLOO, arXiv 2402.14740);
 * truncated weights: L. Espeholt et al., IMPALA (arXiv 1802.01561), section 4.1.
 */
export const policyGradient = definePlugin({
  kind: 'policy-optimizer',
  name: 'policy-gradient',
  source: 'Williams 1992 (REINFORCE); Ahmadian et al. 2024 (RLOO, arXiv 2402.14740); Espeholt et al. 2018 (IMPALA, arXiv 1802.01561)',
  about: 'Ascends advantages without a clip, with truncated importance weights where wanted.',
  options,
  create: ({ truncateAt }) => ({
    name: 'policy-gradient',
    request(batch, settings, learningRate) {
      const kind =
        truncateAt === undefined ? ({ kind: 'likelihood' } as const) : ({ kind: 'truncated-importance', cap: truncateAt } as const);
      return updateRequest(batch, trainGroups(batch), { ...kind, ...penaltiesOf(settings) }, settings, learningRate);
    },
  }),
});
