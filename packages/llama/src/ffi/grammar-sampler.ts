// libllama's grammar sampler: it knows which tokens a GBNF grammar lets follow each other.
import koffi, { type KoffiFunc } from 'koffi';
// Also defines the type "P".
import './ggml.ts';
import type { Pointer } from './ggml.ts';
import { llamaLibrary } from './libraries.ts';

function bind<Signature extends (...parameters: never[]) => unknown>(definition: string): KoffiFunc<Signature> {
  return llamaLibrary.func(definition) as unknown as KoffiFunc<Signature>;
}

/**
 * libllama's functions, named as in llama.h without the prefix. `accept` of a token that `apply` would forbid aborts the process;
 * `newGrammar` answers null for text that is no grammar, and never returns for some left recursions.
 */
export const grammarSampler = {
  create: bind<(vocabulary: Pointer, grammar: string, root: string) => Pointer | null>(
    'P llama_sampler_init_grammar(P vocab, const char* grammar, const char* root)',
  ),
  clone: bind<(sampler: Pointer) => Pointer>('P llama_sampler_clone(P sampler)'),
  accept: bind<(sampler: Pointer, token: number) => void>('void llama_sampler_accept(P sampler, int token)'),
  free: bind<(sampler: Pointer) => void>('void llama_sampler_free(P sampler)'),
} as const;

const apply = bind<(sampler: Pointer, candidates: Pointer) => void>('void llama_sampler_apply(P sampler, P candidates)');

/** llama_token_data: { int32 id; float logit; float p }, and llama_token_data_array: { data; size; int64 selected; bool sorted }. */
const entryWords = 3;
const arrayBytes = 32;

/** A llama_token_data_array in native memory, used again and again. It lives as long as the process. */
export class Candidates {
  readonly #array: Pointer;
  readonly #header: BigUint64Array;
  readonly #ids: Int32Array;
  readonly #logits: Float32Array;

  /** `capacity`: the most tokens that can be asked about at once. */
  constructor(capacity: number) {
    const bytes = Math.max(1, capacity) * entryWords * 4;
    const data = koffi.alloc('uint8_t', bytes) as Pointer;
    this.#array = koffi.alloc('uint8_t', arrayBytes) as Pointer;
    this.#header = new BigUint64Array(koffi.view(this.#array, arrayBytes));
    this.#header[0] = koffi.address(data);
    this.#ids = new Int32Array(koffi.view(data, bytes));
    this.#logits = new Float32Array(koffi.view(data, bytes));
  }

  /** Those of the tokens that the sampler allows, in their order. */
  allowed(sampler: Pointer, tokens: Int32Array): Int32Array {
    const words = tokens.length * entryWords;
    for (let word = 0; word < words; word += entryWords) {
      this.#ids[word] = tokens[word / entryWords] as number;
      this.#logits[word + 1] = 0;
    }
    this.#header.set([BigInt(tokens.length), 0xffff_ffff_ffff_ffffn, 0n], 1);
    apply(sampler, this.#array);
    return tokens.filter((_, index) => (this.#logits[index * entryWords + 1] as number) > -Infinity);
  }
}
