import { RedQueenError } from '@redqueen/core';
import type { AdapterWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import type { TokenSample } from '../engine/sample-draft.ts';
import { StopStrings } from '../engine/stop-strings.ts';
import type { Vocabulary } from '../ffi/vocabulary.ts';
import type { Grammar, Grammars } from '../grammar/grammar.ts';
import { schemaToGbnf } from '../grammar/json-schema.ts';
import { checkGenerate, checkPrompt, checkStopTexts } from './checks.ts';
import type { FinishReason, GenerateRequest, SampledGroup, SampledSequence, SamplePrompt } from './protocol.ts';
import type { TokenizedPrompt, Tokenizer } from './tokenizer.ts';

/** What sampling needs of an open device. */
export interface Generation {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly vocabulary: Vocabulary;
  /** Made when the first grammar is asked for. */
  readonly grammars: () => Grammars;
}

/** Stop tokens, by token, with the text that the request names each by. */
interface Stops {
  /** Those that are cut from the text. */
  readonly cut: ReadonlyMap<number, string>;
  readonly kept: ReadonlyMap<number, string>;
}

/**
 * Samples every prompt of a request with these weights. Throws `invalid_argument` naming the field that is wrong, and the signal's reason once it has
 * aborted.
 */
export async function generate(
  device: Generation,
  weights: AdapterWeights,
  request: GenerateRequest,
  signal: AbortSignal | undefined,
): Promise<readonly SampledGroup[]> {
  const { engine, tokenizer, vocabulary } = device;
  const rendered = request.prompts.map((prompt, index) => tokenized(tokenizer, prompt, index));
  const prompts = request.prompts.map(({ samples, seed }, index) => ({
    tokens: (rendered[index] as TokenizedPrompt).tokens,
    samples,
    seed,
  }));
  checkGenerate(request, prompts, engine.model);
  const stops = stopTokens(tokenizer, request);
  const { stopTexts = [], maxTokens, temperature } = request;
  checkStopTexts(stopTexts);
  const grammar = grammarOf(device.grammars, request);
  try {
    const groups = await engine.sample(request.agent, weights, prompts, {
      maxTokens,
      temperature,
      stops: new Set([...vocabulary.ends, ...stops.cut.keys(), ...stops.kept.keys()]),
      ...(stopTexts.length > 0 && { stopStrings: new StopStrings(stopTexts, vocabulary.piece) }),
      ...(grammar && { constrain: () => grammar.constraint() }),
      ...(signal && { signal }),
    });
    return groups.map((samples, index) => {
      const { text, tokens } = rendered[index] as TokenizedPrompt;
      return { prompt: text, promptTokens: tokens, samples: samples.map((sample) => sequenceOf(tokenizer, sample, stops, stopTexts)) };
    });
  } finally {
    grammar?.dispose();
  }
}

/** What is to be continued: a conversation, the text as a prompt, or the tokens given and after them the text. */
function tokenized(tokenizer: Tokenizer, prompt: SamplePrompt, index: number): TokenizedPrompt {
  checkPrompt(prompt, `prompts[${index}]`);
  const { text, tokens = [], messages = [] } = prompt;
  if (messages.length > 0) return tokenizer.chat(messages, `prompts[${index}].messages`);
  if (tokens.length === 0) return { text, tokens: tokenizer.prompt(text) };
  return { text, tokens: Int32Array.from([...Array.from(tokens), ...tokenizer.continuation(text)]) };
}

function stopTokens(tokenizer: Tokenizer, { stop, alsoStop = [] }: GenerateRequest): Stops {
  const kept = new Map(alsoStop.map((text) => [tokenizer.stop(text), text]));
  return { kept, cut: new Map(stop === '' ? [] : [[tokenizer.stop(stop), stop]]) };
}

/** The grammar that the request asks for; null for none. */
function grammarOf(grammars: () => Grammars, { grammar = '', schema = '' }: GenerateRequest): Grammar | null {
  if (grammar !== '' && schema !== '')
    throw new RedQueenError('invalid_argument', 'grammar and schema exclude each other; send one of them');
  if (grammar === '' && schema === '') return null;
  return grammars().compile(grammar === '' ? schemaToGbnf(schema) : grammar);
}

function sequenceOf(tokenizer: Tokenizer, sample: TokenSample, stops: Stops, stopTexts: readonly string[]): SampledSequence {
  const { tokens, logProbs, entropies, stopped, end } = sample;
  const shared = { tokens, logProbs, stopped, ...(entropies && { entropies }) };
  if (end.by === 'text') {
    const { stop, start } = end.match;
    return { ...shared, text: tokenizer.textUntil(tokens, start), finish: 'stop', stop: stopTexts[stop] as string };
  }
  if (end.by !== 'token') return { ...shared, text: tokenizer.text(tokens), finish: finishOf[end.by], stop: '' };
  const last = tokens.at(-1) as number;
  const kept = stops.kept.get(last);
  const text = tokenizer.text(kept === undefined ? tokens.subarray(0, -1) : tokens);
  return { ...shared, text, finish: 'stop', stop: kept ?? stops.cut.get(last) ?? '' };
}

const finishOf = { constraint: 'grammar', 'dead-end': 'dead-end', length: 'length' } as const satisfies Record<string, FinishReason>;
