import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { RedQueenError } from './errors.ts';
import { hashBytes, type HashPart } from './ids.ts';
import type { Random } from './ports.ts';

/**
 * The random stream that belongs to the parts, e.g. (run seed, task id, "attempts"). Streams of different parts are independent
 * (the 128 bits of generator state are a hash of them), so that a new use of randomness never moves an old one.
 */
export function randomOf(...parts: readonly HashPart[]): Random {
  const words = new DataView(hashBytes('random', ...parts).buffer);
  // The last bit keeps the state off zero, from which xoroshiro would never move.
  const generator = xoroshiro128plusFromState([words.getInt32(0), words.getInt32(4), words.getInt32(8), words.getInt32(12) | 1]);
  const uniform = (): number => uniformFloat64(generator);
  return {
    uniform,
    integer: (bound) => {
      if (!Number.isSafeInteger(bound) || bound < 1)
        throw new RedQueenError('invalid_argument', `random: bound must be a positive integer, not ${bound}`);
      return uniformInt(generator, 0, bound - 1);
    },
    // Box and Muller (1958); 1 − u lies in (0, 1], so the logarithm is finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** One of the items, each as likely as the others. Throws `invalid_argument` for an empty list. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  if (items.length === 0) throw new RedQueenError('invalid_argument', 'random: there is nothing to pick from');
  return items[random.integer(items.length)] as Item;
}

/** The items in a random order (Fisher and Yates); the list given is not changed. */
export function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}

/** An index with probability proportional to its weight. Throws `invalid_argument` unless the weights are ≥ 0 with a positive sum. */
export function weightedIndex(random: Random, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0) || weights.some((weight) => weight < 0)) {
    throw new RedQueenError('invalid_argument', 'random: weights must be ≥ 0 and not all 0');
  }
  let left = random.uniform() * total;
  let chosen = -1;
  for (const [index, weight] of weights.entries()) {
    if (weight === 0) continue;
    chosen = index;
    left -= weight;
    if (left < 0) break;
  }
  return chosen;
}
