import type { AnchorTask } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { requireAnchors } from './checks.ts';

const purposes = { ANCHOR_PURPOSE_GATE: 'gate', ANCHOR_PURPOSE_REPORT: 'report', ANCHOR_PURPOSE_DEVELOP: 'develop' } as const;

/** The split that an anchor task asks for. Throws `invalid_argument` where it names none. */
export function anchorPurpose(task: AnchorTask): (typeof purposes)[keyof typeof purposes] {
  if (task.purpose === 'ANCHOR_PURPOSE_UNSPECIFIED' || task.purpose === 'ANCHOR_PURPOSE_CROSS_PLAY') {
    throw new RedQueenError('invalid_argument', `anchor task ${task.anchorId}: purpose must be gate, report or develop`);
  }
  return purposes[task.purpose];
}

/** Throws `invalid_argument` where an anchor task reached an actor that does not hold the agent under test, or asks for absurdly much. */
export function requireAgent(task: AnchorTask, ...held: readonly string[]): void {
  requireAnchors(`anchor task ${task.anchorId}`, task.perArm, task.samples);
  if (!held.includes(task.agent))
    throw new RedQueenError(
      'invalid_argument',
      `anchor task ${task.anchorId}: agent ${task.agent} is not tried by ${held.join(', ')}; address it to its own actor`,
    );
}
