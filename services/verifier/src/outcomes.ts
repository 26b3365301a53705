import type { Attempts } from '@redqueen/contract';
import type { Answered, Opinion, Task, Verifier } from '@redqueen/core';
import { carriesReward } from '@redqueen/runtime';
import { peerScores } from './interaction.ts';

/** An attempt that carries reward, with its outcome. Void attempts have none. */
export interface Outcome {
  /** Index of the attempt within its group. */
  readonly attempt: number;
  /** The answer, without its stop byte. */
  readonly answer: string;
  /** The answer ended by itself and could be read. */
  readonly finished: boolean;
  /** What the attempt is worth, in [0, 1]. */
  readonly value: number;
  /** Worth at least one half. */
  readonly right: boolean;
  /** What the verifier that decided thinks, 0 to 1. */
  readonly confidence: number;
}

/** The outcome of an attempt by what the verifier thinks of it; 0 for one that did not end, or cannot be read. */
function outcomeOf(attempt: Pick<Outcome, 'attempt' | 'answer' | 'finished'>, opinion: Opinion | undefined): Outcome {
  const confidence = opinion?.confidence ?? 0;
  const value = attempt.finished ? (opinion?.outcome ?? Number(confidence > 0.5)) : 0;
  return { ...attempt, value, right: value >= 0.5, confidence };
}

function answeredOf(task: Task, answer: string, finished: boolean, score: number | undefined): Answered {
  return { task, answer, finished, ...(score !== undefined && { score }) };
}

/** The outcomes of a group's attempts, as the verifier that decides them says. */
export async function outcomesOf(
  run: string,
  task: Task,
  { group, acts }: Pick<Attempts, 'group' | 'acts'>,
  verifier: Verifier,
  signal?: AbortSignal,
): Promise<Outcome[]> {
  const scores = peerScores(acts);
  const attempts = (group?.samples ?? []).flatMap(({ text, failure }, attempt) =>
    carriesReward(failure) ? [{ attempt, answer: text, finished: failure === 'FAILURE_CLASS_OK' }] : [],
  );
  const opinions = await verifier.verify(
    { run },
    attempts.map(({ attempt, answer, finished }) => answeredOf(task, answer, finished, scores.get(attempt))),
    signal,
  );
  return attempts.map((attempt, index) => outcomeOf(attempt, opinions[index]));
}
