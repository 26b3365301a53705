import { RedQueenError } from '@redqueen/core';
import { getLlama, type LlamaModel, LlamaLogLevel, type Token } from 'node-llama-cpp';
import type { Vocabulary } from '../ffi/vocabulary.ts';
import { ChatTemplate } from './chat-template.ts';
import type { ChatMessage } from './protocol.ts';

/** A prompt as text and as tokens. */
export interface TokenizedPrompt {
  readonly text: string;
  readonly tokens: Int32Array;
}

/** Text to tokens and back, by the vocabulary inside the GGUF file. */
export interface Tokenizer {
  /** A prompt: with the beginning-of-sequence token where the model wants one. Throws `invalid_argument` for an empty result. */
  prompt(text: string): Int32Array;
  /**
   * A conversation by the model's own chat template, with the beginning of the model's answer; `field` names the messages in errors. Throws
   * `failed_precondition` where the model has no template, `invalid_argument` where the template refuses the messages.
   */
  chat(messages: readonly ChatMessage[], field: string): TokenizedPrompt;
  /** A continuation: no token added. */
  continuation(text: string): Int32Array;
  text(tokens: Int32Array): string;
  /** Text of a sample up to a place in it, in bytes of the tokens' own texts. */
  textUntil(tokens: Int32Array, bytes: number): string;
  /** The one token of a stop text. Throws `invalid_argument` where the text is not exactly one token. */
  stop(text: string): number;
}

/** Opens the tokenizer of a model file through node-llama-cpp, without loading its weights again. `vocabulary`: that of the same model. */
export async function openTokenizer(path: string, vocabulary: Vocabulary, chatTemplate: string | null): Promise<Tokenizer> {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true, gpuLayers: 0 });
  return tokenizerOf(model, vocabulary, chatTemplate);
}

function tokenizerOf(model: LlamaModel, vocabulary: Vocabulary, source: string | null): Tokenizer {
  const { bos, bosString, eosString, shouldPrependBosToken } = model.tokens;
  const prefix = shouldPrependBosToken && bos !== null ? [bos] : [];
  const encode = (text: string): Token[] => (text === '' ? [] : model.tokenize(text));
  const text = (tokens: Int32Array): string => (tokens.length === 0 ? '' : model.detokenize(Array.from(tokens) as Token[]));
  let template: ChatTemplate | null = null;
  return {
    prompt(given) {
      const tokens = Int32Array.from([...prefix, ...encode(given)]);
      if (tokens.length === 0)
        throw new RedQueenError(
          'invalid_argument',
          'prompt.text is empty and the model has no beginning-of-sequence token; give at least one character',
        );
      return tokens;
    },
    chat(messages, field) {
      if (source === null) throw new RedQueenError('failed_precondition', `${field}: the model has no chat template; use text instead`);
      template ??= new ChatTemplate(source, vocabulary.specials(), bosString ?? '', eosString ?? '');
      const rendered = template.render(messages, field);
      const tokens = rendered.pieces.flatMap((piece): number[] => ('token' in piece ? [piece.token] : encode(piece.text)));
      // Most templates write the beginning themselves.
      if (tokens.length === 0) throw new RedQueenError('invalid_argument', `${field}: the model's chat template makes nothing of them`);
      return { text: rendered.text, tokens: Int32Array.from(tokens[0] === prefix[0] ? tokens : [...prefix, ...tokens]) };
    },
    continuation: (given) => Int32Array.from(encode(given)),
    text,
    textUntil(tokens, bytes) {
      const whole = Buffer.concat(Array.from(tokens, vocabulary.piece));
      // Some vocabularies have a space before the first word, which `text` leaves out.
      const space = whole.toString('utf8') === ` ${text(tokens)}` ? 1 : 0;
      return whole.subarray(space, Math.max(space, bytes)).toString('utf8');
    },
    stop(given) {
      const [token, ...more] = encode(given);
      if (token === undefined || more.length > 0)
        throw new RedQueenError(
          'invalid_argument',
          `stop is ${JSON.stringify(given)}; it must be exactly one token of the model; longer texts can be stop_texts`,
        );
      return token;
    },
  };
}
