import type { DeadLetterReport } from '@redqueen/core';
import type { DeadLetterRecord, DeadLetters } from '@redqueen/runtime';

/** The dead letters of a run, as its report lists them. */
export async function reportedLetters(deadLetters: DeadLetters, run: string): Promise<readonly DeadLetterReport[]> {
  return (await deadLetters.list(run)).map(({ key, actor, kind, cause }: DeadLetterRecord) => ({ id: key, actor, kind, cause }));
}
