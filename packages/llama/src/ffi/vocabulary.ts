import type { KoffiFunc } from 'koffi';
// Also defines the type "P".
import './ggml.ts';
import type { Pointer } from './ggml.ts';
import { llamaLibrary } from './libraries.ts';

function bind<Signature extends (...parameters: never[]) => unknown>(definition: string): KoffiFunc<Signature> {
  return llamaLibrary.func(definition) as unknown as KoffiFunc<Signature>;
}

/** libllama's vocabulary functions, named as in llama.h without the prefix. */
const native = {
  ofModel: bind<(model: Pointer) => Pointer>('P llama_model_get_vocab(P model)'),
  size: bind<(vocabulary: Pointer) => number>('int llama_vocab_n_tokens(P vocab)'),
  isEnd: bind<(vocabulary: Pointer, token: number) => boolean>('bool llama_vocab_is_eog(P vocab, int token)'),
  attributes: bind<(vocabulary: Pointer, token: number) => number>('int llama_vocab_get_attr(P vocab, int token)'),
  piece: bind<(vocabulary: Pointer, token: number, bytes: Uint8Array, length: number, strip: number, special: boolean) => number>(
    'int llama_token_to_piece(P vocab, int token, void* buf, int length, int lstrip, bool special)',
  ),
} as const;

/** Bits of LLAMA_TOKEN_ATTR: tokens that a text stands for only where special tokens are parsed in it. */
const specialAttributes = 1 | 8; // UNKNOWN, CONTROL

const stripsLeft = 128;
const stripsRight = 256;

const noBytes = new Uint8Array(0);

/** The tokens of a loaded model: which bytes they stand for, and which are none of a text's. */
export class Vocabulary {
  /** libllama's vocabulary, which belongs to the model. */
  readonly native: Pointer;
  readonly size: number;
  /** Tokens by which the model ends a text. */
  readonly ends: ReadonlySet<number>;
  readonly #special = new Set<number>();
  readonly #pieces = new Map<number, Uint8Array>();

  constructor(model: Pointer) {
    this.native = native.ofModel(model);
    this.size = native.size(this.native);
    const tokens = Array.from({ length: this.size }, (_, token) => token);
    this.ends = new Set(tokens.filter((token) => native.isEnd(this.native, token)));
    for (const token of tokens) if ((native.attributes(this.native, token) & specialAttributes) !== 0) this.#special.add(token);
  }

  /** The token's bytes in a text; none for special tokens, which do not show. */
  readonly piece = (token: number): Uint8Array => {
    let bytes = this.#pieces.get(token);
    if (bytes === undefined) {
      bytes = this.#special.has(token) ? noBytes : this.#spelled(token);
      this.#pieces.set(token, bytes);
    }
    return bytes;
  };

  /** Special tokens with the text that stands for each where special tokens are parsed, and whether they take the white space around them. */
  specials(): readonly { readonly token: number; readonly text: string; readonly stripsLeft: boolean; readonly stripsRight: boolean }[] {
    return Array.from(this.#special, (token) => {
      const attributes = native.attributes(this.native, token);
      const text = Buffer.from(this.#spelled(token)).toString('utf8');
      return { token, text, stripsLeft: (attributes & stripsLeft) !== 0, stripsRight: (attributes & stripsRight) !== 0 };
    });
  }

  #spelled(token: number): Uint8Array {
    let bytes = Buffer.alloc(32);
    let length = native.piece(this.native, token, bytes, bytes.length, 0, true);
    if (length < 0) {
      bytes = Buffer.alloc(-length);
      length = native.piece(this.native, token, bytes, bytes.length, 0, true);
    }
    return Uint8Array.from(bytes.subarray(0, length));
  }
}
