import type { Opinion } from '@redqueen/core';
import type { VerdictInput } from '@redqueen/contract';
import { verifierLabels } from '@redqueen/environments';

/** What the verifier says of one attempt. */
export function verdictOf(attempt: number, { confidence, firstBadStep, judgement }: Opinion): VerdictInput {
  const label = confidence > 0.5 ? verifierLabels.right : verifierLabels.wrong;
  return { attempt, label, confidence, critique: '', firstBadStep, judgement: judgement ?? null };
}
