import { addressOf, type AnchorAttempts } from '@redqueen/contract';
import { RedQueenError, type Recipe } from '@redqueen/core';
import { measureExecutor } from './executor.ts';
import { measureProposer } from './proposer.ts';
import type { Measured } from './result.ts';
import { measureWorldModel } from './world-model.ts';

/** What a role's attempts at its anchors show. Throws `invalid_argument` for an agent without such anchors. */
export function measure(attempts: AnchorAttempts, recipe: Recipe): Measured {
  switch (attempts.task && addressOf(attempts.task.agent).role) {
    case 'executor':
      return measureExecutor(attempts);
    case 'proposer':
      return measureProposer(attempts);
    case 'world-model':
      return measureWorldModel(attempts, recipe);
    default:
      throw new RedQueenError(
        'invalid_argument',
        `anchor attempts ${attempts.anchorId}: there are no figures of agent ${attempts.task?.agent ?? '(none)'}`,
      );
  }
}

export { resultOf } from './result.ts';
export { createPairAnchors } from './verifier.ts';
