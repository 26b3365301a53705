import { RedQueenError } from '@redqueen/core';
import { getLlama, type LlamaModel, LlamaLogLevel, type Token } from 'node-llama-cpp';

/** Text to tokens and back, by the vocabulary inside the GGUF file. */
export interface Tokenizer {
  /** A prompt: with the beginning-of-sequence token where the model wants one. Throws `invalid_argument` for an empty result. */
  prompt(text: string): Int32Array;
  /** A continuation: no token added. */
  continuation(text: string): Int32Array;
  text(tokens: Int32Array): string;
  /** The one token of a stop text. Throws `invalid_argument` where the text is not exactly one token. */
  stop(text: string): number;
  /** Tokens by which the model itself ends a text. */
  readonly ends: ReadonlySet<number>;
}

/** Opens the tokenizer of a model file through node-llama-cpp, without loading its weights again. */
export async function openTokenizer(path: string): Promise<Tokenizer> {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true, gpuLayers: 0 });
  return tokenizerOf(model);
}

function tokenizerOf(model: LlamaModel): Tokenizer {
  const { bos, eos, eot, shouldPrependBosToken } = model.tokens;
  const prefix = shouldPrependBosToken && bos !== null ? [bos] : [];
  const encode = (text: string): Token[] => (text === '' ? [] : model.tokenize(text));
  return {
    prompt(text) {
      const tokens = Int32Array.from([...prefix, ...encode(text)]);
      if (tokens.length === 0)
        throw new RedQueenError(
          'invalid_argument',
          'prompt.text is empty and the model has no beginning-of-sequence token; give at least one character',
        );
      return tokens;
    },
    continuation: (text) => Int32Array.from(encode(text)),
    text: (tokens) => (tokens.length === 0 ? '' : model.detokenize(Array.from(tokens) as Token[])),
    stop(text) {
      const [token, ...more] = encode(text);
      if (token === undefined || more.length > 0)
        throw new RedQueenError('invalid_argument', `stop is ${JSON.stringify(text)}; it must be exactly one token of the model`);
      return token;
    },
    ends: new Set([eos, eot].filter((token) => token !== null)),
  };
}
