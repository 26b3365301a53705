import type { Split } from '@redqueen/core';

/** Of 20 buckets: 0 and 1 are for the report, 2 for the gate, 3 for development, the rest (80 %) for training. */
const heldOut: readonly (Split | undefined)[] = ['report', 'report', 'gate', 'develop'];
const buckets = 20;

/** Fowler, Noll and Vo's hash (FNV-1a, 32 bits) with the first half of murmur3's finaliser, which mixes the low bits that the modulus looks at. */
function hashText(text: string): number {
  let value = 2166136261;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16777619);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

/**
 * The use that a text is reserved for, by its hash alone: no list to keep, the same on every machine and for ever.
 * Texts that are the same thing (a + b and b + a) must be given in the same form.
 */
export function splitOfText(text: string): Split {
  return heldOut[hashText(`rq1:${text}`) % buckets] ?? 'train';
}
