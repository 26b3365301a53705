import type { GenerateRequest, ScoreRequest } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';

const maxSamples = 64;
const maxPrompts = 4096;
const maxTokensAllowed = 4096;

function fail(what: string): never {
  throw new RedQueenError('invalid_argument', what);
}

function checkPrompts(count: number): void {
  if (count < 1 || count > maxPrompts) fail(`prompts: ${count} of them; send 1 to ${maxPrompts}`);
}

/** Throws `invalid_argument` naming the field that is out of range. */
export function checkGenerate(request: GenerateRequest): void {
  checkPrompts(request.prompts.length);
  for (const [index, { samples }] of request.prompts.entries()) {
    if (samples < 1 || samples > maxSamples) fail(`prompts[${index}].samples: ${samples} must be 1 to ${maxSamples}`);
  }
  const { maxTokens, temperature } = request;
  if (maxTokens < 1 || maxTokens > maxTokensAllowed) fail(`max_tokens: ${maxTokens} must be 1 to ${maxTokensAllowed}`);
  if (!(temperature >= 0 && Number.isFinite(temperature))) fail(`temperature: ${temperature} must be a number ≥ 0; 0 is greedy`);
}

/** Throws `invalid_argument` naming the field that is out of range. */
export function checkScore(request: ScoreRequest): void {
  checkPrompts(request.prompts.length);
  for (const [index, { continuations }] of request.prompts.entries()) {
    if (continuations.length < 1) fail(`prompts[${index}].continuations: there are none; send at least one`);
    if (continuations.some((text) => text === '')) fail(`prompts[${index}].continuations: an empty text cannot be scored`);
  }
}
