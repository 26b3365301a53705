import type { SampleGroup } from '@redqueen/contract';
import type { Task } from '@redqueen/core';
import { carriesReward } from '@redqueen/runtime';
import type { Verifier } from './verifiers/index.ts';

/** An attempt that carries reward, with its outcome. Void attempts have none. */
export interface Outcome {
  /** Index of the attempt within its group. */
  readonly attempt: number;
  /** The answer, without its stop byte. */
  readonly answer: string;
  /** The answer ended by itself and could be read. */
  readonly finished: boolean;
  readonly right: boolean;
}

/** The outcomes of a group's attempts; one that did not end, or cannot be read, is wrong. */
export async function outcomesOf(run: string, task: Task, group: SampleGroup, verifier: Verifier): Promise<Outcome[]> {
  const attempts = group.samples.flatMap(({ text, failure }, attempt) =>
    carriesReward(failure) ? [{ attempt, answer: text, finished: failure === 'FAILURE_CLASS_OK' }] : [],
  );
  const opinions = await verifier.verify(
    { run },
    attempts.map(({ answer }) => ({ task, answer })),
  );
  return attempts.map((attempt, index) => ({ ...attempt, right: attempt.finished && (opinions[index]?.confidence ?? 0) > 0.5 }));
}
