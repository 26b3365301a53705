import type { Random } from '../ports.ts';
import { randomOf } from '../random.ts';

/** One promise that every plug-in of a kind keeps, and a check that throws where it is broken; asynchronous where the interface is. */
export interface Conformance {
  readonly promise: string;
  readonly check: () => void | Promise<void>;
}

/** How many random cases each promise is checked on. */
const cases = 60;

/** Throws an error with the message unless the condition holds. */
export function requireThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Plain data as text, the same for equal data: NaN, infinities, undefined, bytes and typed arrays included. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'number' && !Number.isFinite(part)) return `number ${part}`;
    if (part === undefined) return 'undefined';
    if (ArrayBuffer.isView(part)) return { [part.constructor.name]: [...(part as Uint8Array)] };
    if (part instanceof Map || part instanceof Set) return { [part.constructor.name]: [...part] };
    return part;
  });
}

/** Throws unless both are equal data. */
export function requireEqual(found: unknown, expected: unknown, what: string): void {
  const [first, second] = [textOf(found), textOf(expected)];
  requireThat(first === second, `${what}: ${first} should equal ${second}`);
}

/** The value with everything in it frozen, so that changing it throws. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** Checks a property on random cases, the same ones each time; an error says which case broke it. */
export function forEachCase(property: (random: Random) => void): () => void {
  return () => {
    for (let index = 0; index < cases; index++) {
      try {
        property(randomOf('conformance', index));
      } catch (error) {
        throw new Error(`case ${index}: ${(error as Error).message}`, { cause: error });
      }
    }
  };
}

/** The same for a property that waits. */
export function forEachCaseAsync(property: (random: Random) => Promise<void>): () => Promise<void> {
  return async () => {
    for (let index = 0; index < cases; index++) {
      await property(randomOf('conformance', index)).catch((error: unknown) => {
        throw new Error(`case ${index}: ${(error as Error).message}`, { cause: error });
      });
    }
  };
}

/** Some items made one after the other; `least` to `most` of them. */
export function several<Item>(random: Random, least: number, most: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: least + random.integer(most - least + 1) }, (_, index) => make(index));
}
