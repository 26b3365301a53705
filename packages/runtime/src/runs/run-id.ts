import { RedQueenError } from '@redqueen/core';

/** Throws `invalid_argument` for what cannot name a run: streams, subjects, keys and folders are named by it. */
export function requireRunId(run: string): void {
  if (/^[A-Za-z0-9_-]{1,100}$/.test(run)) return;
  throw new RedQueenError('invalid_argument', `run ${JSON.stringify(run)} must consist of at most 100 letters, digits, "_" and "-"`);
}
