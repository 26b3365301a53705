import type { FailureClass, Sample, SampleGroup } from '@redqueen/contract';
import type { RedQueenError } from '@redqueen/core';
import type { GenerateAsk, PolicyClient, ScoreAsk } from '@redqueen/runtime';

/** Which of a prompt's samples is to be written. */
export interface Turn {
  readonly prompt: string;
  readonly seed: number;
  /** From 0. */
  readonly index: number;
  readonly agent: string;
  readonly temperature: number;
  readonly version: number | undefined;
}

/** What the policy says; undefined for rambling on until the budget runs out. */
export type Script = (turn: Turn) => string | undefined;

const stop = 10;

/**
 * A policy that says what a script says, for tests of what roles do with answers, whatever made them. Tokens are bytes; a text that does not fit the budget
 * is cut and truncated, as the real sampler does it. Everything that was asked is written down.
 */
export class ScriptedPolicy implements PolicyClient {
  readonly generated: GenerateAsk[] = [];
  readonly scored: ScoreAsk[] = [];
  /** Thrown by every ask while it is set. */
  failure: RedQueenError | undefined;
  readonly #script: Script;
  readonly #confidence: (prompt: string) => number;

  /** `confidence` is the probability of "y" against "n" for a verifier's prompt, in (0, 1). */
  constructor(script: Script, confidence: (prompt: string) => number = () => 0.5) {
    this.#script = script;
    this.#confidence = confidence;
  }

  async generate(ask: GenerateAsk, signal?: AbortSignal): Promise<readonly SampleGroup[]> {
    signal?.throwIfAborted();
    this.generated.push(ask);
    if (this.failure) throw this.failure;
    const { agent, temperature, version } = ask;
    return ask.prompts.map(({ text: prompt, samples, seed, tokens: before }) =>
      this.#group(
        ask,
        prompt,
        before,
        Array.from({ length: samples }, (_, index) => sampleOf(this.#script({ prompt, seed, index, agent, temperature, version }), ask)),
      ),
    );
  }

  async score(ask: ScoreAsk, signal?: AbortSignal): Promise<readonly SampleGroup[]> {
    signal?.throwIfAborted();
    this.scored.push(ask);
    if (this.failure) throw this.failure;
    return ask.prompts.map(({ text, continuations }) => {
      const confidence = this.#confidence(text);
      const samples = continuations.map((label) => ({
        tokens: [...Buffer.from(label)],
        logProbs: [Math.log(label === 'y' ? confidence : 1 - confidence)],
        text: label,
        failure: 'FAILURE_CLASS_OK' as const,
        given: [],
      }));
      return this.#group(ask, text, [256], samples);
    });
  }

  #group(
    { agent, version = 1 }: { agent: string; version?: number },
    prompt: string,
    before: readonly number[] = [256],
    samples: Sample[],
  ): SampleGroup {
    return {
      prompt,
      promptTokens: [...before, ...Buffer.from(prompt)],
      samples,
      policy: { agent, version, adapterHash: version === 0 ? '' : `hash-${version}` },
    };
  }
}

function sampleOf(said: string | undefined, { maxTokens, alsoStop = [] }: GenerateAsk): Sample {
  const bytes = [...Buffer.from(said ?? '?'.repeat(maxTokens))];
  const ended = said !== undefined && alsoStop.some((sign) => said.endsWith(sign)) && bytes.length <= maxTokens;
  const finished = ended || (said !== undefined && bytes.length < maxTokens);
  const tokens = ended ? bytes : finished ? [...bytes, stop] : bytes.slice(0, maxTokens);
  const failure: FailureClass = finished ? 'FAILURE_CLASS_OK' : 'FAILURE_CLASS_TRUNCATED';
  const text = Buffer.from(finished ? bytes : tokens).toString();
  return { tokens, logProbs: tokens.map(() => -0.5), text, failure, given: [] };
}
