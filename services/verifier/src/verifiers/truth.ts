import { checkAnswer } from '@redqueen/environments/truth';
import type { Verifier } from './verifier.ts';

/** The environment's checker: certain, and right. Its opinions never reach a prompt. */
export const truth: Verifier = {
  name: 'truth',
  verify: async (_asked, answers) =>
    answers.map(({ task, answer }) => {
      const { correct, firstBadStep } = checkAnswer(task, answer);
      return { confidence: correct ? 1 : 0, firstBadStep };
    }),
};
