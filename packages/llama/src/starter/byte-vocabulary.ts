// A byte-level vocabulary that every llama.cpp tokenizer reads: GPT-2 BPE without merges, so that a token's id is its byte.
import type { MetadataEntry } from '../gguf/format.ts';

/** Ids of the special tokens after the 256 bytes. */
export const byteTokens = { begin: 256, end: 257, padding: 258 } as const;

/** Number of tokens. */
export const byteVocabularySize = 259;

const tokenType = { normal: 1, control: 3, unused: 5 } as const;

/** GPT-2's printable stand-ins for bytes (bytes_to_unicode of its encoder.py): printable bytes stand for themselves, the rest follow from U+0100. */
function standIns(): readonly string[] {
  const printable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

/** The tokenizer's part of a model file's metadata. A `size` beyond the bytes and special tokens is filled with tokens that no text contains. */
export function byteVocabularyMetadata(size = byteVocabularySize): readonly MetadataEntry[] {
  const unused = Array.from({ length: size - byteVocabularySize }, (_, index) => `<|unused ${index}|>`);
  const tokens = [...standIns(), '<|bos|>', '<|eos|>', '<|pad|>', ...unused];
  const types = tokens.map((_, id) => (id < 256 ? tokenType.normal : id < byteVocabularySize ? tokenType.control : tokenType.unused));
  return [
    { key: 'tokenizer.ggml.model', type: 'string', value: 'gpt2' },
    { key: 'tokenizer.ggml.pre', type: 'string', value: 'default' },
    { key: 'tokenizer.ggml.tokens', type: 'array', elements: 'string', value: tokens },
    { key: 'tokenizer.ggml.token_type', type: 'array', elements: 'i32', value: types },
    // The key must exist; without merges every byte stays a token of its own.
    { key: 'tokenizer.ggml.merges', type: 'array', elements: 'string', value: [] },
    { key: 'tokenizer.ggml.bos_token_id', type: 'u32', value: byteTokens.begin },
    { key: 'tokenizer.ggml.eos_token_id', type: 'u32', value: byteTokens.end },
    { key: 'tokenizer.ggml.padding_token_id', type: 'u32', value: byteTokens.padding },
    { key: 'tokenizer.ggml.add_bos_token', type: 'bool', value: true },
  ];
}

/** The beginning-of-sequence token and the text's UTF-8 bytes. */
export function byteSequence(text: string): Int32Array {
  return Int32Array.from([byteTokens.begin, ...Buffer.from(text, 'utf8')]);
}
