// What requests must fulfil before native code sees them: ggml would abort the process over an index out of range.
import { RedQueenError } from '@redqueen/core';
import type { LossSettings, PolicyDevice, TrainGroup, TrainSample } from './protocol.ts';

type GenerateRequest = Parameters<PolicyDevice['generate']>[0];
type TrainRequest = Parameters<PolicyDevice['train']>[0];

/** What requests are held against. */
interface ModelBounds {
  readonly context: number;
  readonly vocabulary: number;
}

/** Most samples of one prompt in one request. */
const maxSamples = 256;

function refuse(field: string, problem: string): RedQueenError {
  return new RedQueenError('invalid_argument', `${field} ${problem}`);
}

function checkLength(field: string, length: number, context: number): void {
  if (length > context) throw refuse(field, `needs ${length} tokens; the model's context is ${context}`);
}

/** Throws `invalid_argument` naming the field. */
export function checkGenerate(
  request: GenerateRequest,
  prompts: readonly { readonly tokens: Int32Array; readonly samples: number; readonly seed: number }[],
  { context, vocabulary }: ModelBounds,
): void {
  const { maxTokens, temperature } = request;
  if (!Number.isInteger(maxTokens) || maxTokens < 1) throw refuse('max_tokens', `is ${maxTokens}; it must be a whole number from 1`);
  if (!Number.isFinite(temperature) || temperature < 0) throw refuse('temperature', `is ${temperature}; it must be 0 or more`);
  for (const [index, { tokens, samples, seed }] of prompts.entries()) {
    if (!Number.isInteger(samples) || samples < 1 || samples > maxSamples)
      throw refuse(`prompts[${index}].samples`, `is ${samples}; it must be 1 to ${maxSamples}`);
    if (!Number.isInteger(seed)) throw refuse(`prompts[${index}].seed`, `is ${seed}; it must be a whole number`);
    checkTokens(`prompts[${index}].tokens`, tokens, vocabulary);
    checkLength(`prompts[${index}].text`, tokens.length + maxTokens, context);
  }
}

/** Throws `invalid_argument` naming the field. */
export function checkScore(
  items: readonly { readonly prompt: Int32Array; readonly continuations: readonly Int32Array[] }[],
  context: number,
): void {
  for (const [index, { prompt, continuations }] of items.entries()) {
    const longest = continuations.reduce((most, { length }) => Math.max(most, length), 0);
    checkLength(`prompts[${index}]`, prompt.length + longest, context);
  }
}

function checkTokens(field: string, tokens: Int32Array, vocabulary: number): void {
  const stranger = tokens.find((token) => token < 0 || token >= vocabulary);
  if (stranger !== undefined) throw refuse(field, `holds the token ${stranger}; the vocabulary has ${vocabulary}`);
}

function checkFinite(field: string, values: Float32Array, length: number): void {
  if (values.length !== length) throw refuse(field, `has ${values.length} values for ${length} tokens`);
  if (!values.every(Number.isFinite)) throw refuse(field, 'holds a value that is not finite');
}

function checkSettings(request: TrainRequest): void {
  const { loss, update, normaliser } = request;
  const { kind, klEstimator: _, ...numbers } = loss;
  if (kind === 'preference' && loss.smoothing >= 0.5) throw refuse('smoothing', `is ${loss.smoothing}; it must be below one half`);
  if (kind === 'clipped' && loss.dualClip !== undefined && loss.dualClip <= 1)
    throw refuse('dual_clip', `is ${loss.dualClip}; it must be above 1`);
  if (kind === 'negative-aware' && loss.epsilon === 0) throw refuse('epsilon', 'is 0; it must be a positive number');
  const notNegative = { ...numbers, ...update };
  for (const [name, value] of Object.entries(notNegative))
    if (!Number.isFinite(value) || value < 0) throw refuse(name, `is ${value}; it must be 0 or more`);
  if (!Number.isFinite(normaliser) || normaliser <= 0) throw refuse('normaliser', `is ${normaliser}; it must be a positive number`);
  if (update.beta1 >= 1 || update.beta2 >= 1 || update.epsilon === 0)
    throw refuse('beta1, beta2, epsilon', 'must be below 1, below 1 and above 0');
}

function checkGroupSettings(field: string, { solveRate, clipHigh }: TrainGroup, kind: LossSettings['kind']): void {
  if (clipHigh !== undefined && !(Number.isFinite(clipHigh) && clipHigh >= 0))
    throw refuse(`${field}.clip_high`, `is ${clipHigh}; it must be 0 or more`);
  if (kind === 'negative-aware' && !(solveRate !== undefined && solveRate > 0 && solveRate < 1))
    throw refuse(`${field}.solve_rate`, `is ${solveRate ?? 'missing'}; the negative-aware loss needs a rate between 0 and 1`);
}

function checkSample(field: string, { tokens, oldLogProbs, advantages, given, weight = 1 }: TrainSample, vocabulary: number): void {
  checkTokens(`${field}.tokens`, tokens, vocabulary);
  checkFinite(`${field}.log_probs`, oldLogProbs, tokens.length);
  checkFinite(`${field}.advantages`, advantages, tokens.length);
  if (given && given.length !== tokens.length) throw refuse(`${field}.given`, `has ${given.length} values for ${tokens.length} tokens`);
  if (!Number.isFinite(weight) || weight < 0) throw refuse(`${field}.weight`, `is ${weight}; it must be 0 or more`);
}

/** Throws `invalid_argument` naming the field. */
export function checkTrain(request: TrainRequest, model: ModelBounds): void {
  checkSettings(request);
  for (const [index, group] of request.groups.entries()) {
    const field = `groups[${index}]`;
    if (group.promptTokens.length === 0) throw refuse(`${field}.prompt_tokens`, 'is empty');
    checkTokens(`${field}.prompt_tokens`, group.promptTokens, model.vocabulary);
    checkGroupSettings(field, group, request.loss.kind);
    for (const [which, sample] of group.samples.entries()) {
      checkSample(`${field}.samples[${which}]`, sample, model.vocabulary);
      checkLength(`${field}.samples[${which}]`, group.promptTokens.length + sample.tokens.length, model.context);
    }
  }
}
