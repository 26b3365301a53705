import type { AnswerForm, AttemptTurn, EpisodeFacts, Turn } from '@redqueen/core';

/** The attempt that a turn is; undefined where the turn is no attempt of the episode. */
export function attemptOf({ attempts }: EpisodeFacts, { agent, turn }: Turn): AttemptTurn | undefined {
  return attempts.find((one) => one.agent === agent && one.turn === turn);
}

/** How the attempt of a turn ended; undefined where the turn is no attempt of the episode. */
export function formOf(facts: EpisodeFacts, turn: Turn): AnswerForm | undefined {
  const attempt = attemptOf(facts, turn);
  return attempt && (attempt.form ?? 'ok');
}
