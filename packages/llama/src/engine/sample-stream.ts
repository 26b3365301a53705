import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

/**
 * Uniform numbers in [0, 1) for one sample of one prompt. They depend on the prompt's seed and the sample's index alone, so that a sample does not
 * change with the batch that it is computed in.
 */
export function sampleStream(seed: number, sample: number): () => number {
  const start = mixed(mixed(seed) ^ Math.imul(sample + 1, 0x9e3779b9));
  const words = [1, 2, 3, 4].map((index) => mixed(start + Math.imul(index, 0x9e3779b9)));
  // A state of zeros would never move.
  const generator = xoroshiro128plusFromState([words[0] as number, words[1] as number, words[2] as number, (words[3] as number) | 1]);
  return () => uniformFloat64(generator);
}
