import type { SampleGroup } from '@redqueen/contract';

/** Whose policy answers. */
export interface PolicyTarget {
  readonly run: string;
  /** The agent, e.g. "executor/0". */
  readonly agent: string;
  /** A version that is still served; left out for the released one. */
  readonly version?: number;
}

/** A prompt to continue; the same (prompt, seed, version) gives the same samples. */
export interface PromptToContinue {
  readonly text: string;
  /** 1 to 64. */
  readonly samples: number;
  readonly seed: number;
  /** Token ids that the text goes on from, as an earlier group gave them; left out where the text is the whole prompt. */
  readonly tokens?: readonly number[];
}

/** Prompts to continue, and how. */
export interface GenerateAsk extends PolicyTarget {
  readonly prompts: readonly PromptToContinue[];
  /** Tokens of one sample at most, stop token included. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** Texts of one token that end a sample as well as the stop byte, and stay part of its text. */
  readonly alsoStop?: readonly string[];
}

/** A prompt with the continuations to score. */
export interface PromptToScore {
  readonly text: string;
  readonly continuations: readonly string[];
}

/** Continuations to score. */
export interface ScoreAsk extends PolicyTarget {
  readonly prompts: readonly PromptToScore[];
}

/** The port through which a plug-in asks a policy: the only way in which it ever sees a model. Groups come in the order of the prompts. */
export interface PolicyClient {
  /** Samples. Throws the RedQueenError of the last try once retries are used up, or the signal's reason. */
  generate(ask: GenerateAsk, signal?: AbortSignal): Promise<readonly SampleGroup[]>;
  /** Log-probabilities of given continuations. Throws like `generate`. */
  score(ask: ScoreAsk, signal?: AbortSignal): Promise<readonly SampleGroup[]>;
}
