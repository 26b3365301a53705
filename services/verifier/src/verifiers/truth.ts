import { definePlugin, RedQueenError, type TruthAccess, type Verifier } from '@redqueen/core';
import { z } from 'zod';

function createTruth(truth: TruthAccess): Verifier {
  return {
    name: 'truth',
    verify: async (_asked, answers) =>
      answers.map(({ task, answer }) => {
        const { correct, firstBadStep } = truth.check(task, answer);
        return { confidence: correct ? 1 : 0, firstBadStep };
      }),
  };
}

/** The environment's checker: certain, and right. Its opinions never reach a prompt. It exists only for recipes whose rewards may come from it. */
export const truth = definePlugin({
  kind: 'verifier',
  name: 'truth',
  source: 'verifiable rewards: Lambert et al. 2024 (Tülu 3, RLVR)',
  about: 'Checks an answer with the environment’s own checker.',
  options: z.strictObject({}),
  create(_options, { truth: access }) {
    if (access) return createTruth(access);
    throw new RedQueenError(
      'failed_precondition',
      'truth: groundTruth is none, so that no reward may come from the environment’s checker; name majority, judge or peer, or say groundTruth: rewards',
    );
  },
});
