import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopStrings } from './stop-strings.ts';

/** Splits bytes into tokens of 1 to 3 bytes: `lengths` says how, over and over. The token ids are places in the list of pieces. */
function split(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0, which = 0; start < bytes.length; which++) {
    const end = start + (lengths[which % lengths.length] as number);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** The first stop string to be complete, by looking at every beginning of the text. */
function firstComplete(
  bytes: Buffer,
  stops: readonly string[],
): { readonly stop: string; readonly start: number; readonly end: number } | null {
  for (let end = 1; end <= bytes.length; end++) {
    const ending = stops.filter((stop) => bytes.subarray(0, end).subarray(-Buffer.byteLength(stop)).equals(Buffer.from(stop)));
    const [longest] = ending.sort((a, b) => Buffer.byteLength(b) - Buffer.byteLength(a));
    if (longest !== undefined) return { stop: longest, start: end - Buffer.byteLength(longest), end };
  }
  return null;
}

/** Few letters, so that stops overlap each other and the text; some take several bytes, two of them with a common beginning. */
const text = (most: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'è', '猫', '🐈'), minLength: 1, maxLength: most });
const lengths = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 });

describe('stop strings', () => {
  it('are found as soon as the text contains one, however it is split into tokens', () => {
    fc.assert(
      fc.property(text(30), fc.array(text(4), { minLength: 1, maxLength: 4 }), lengths, (whole, stops, how) => {
        const bytes = Buffer.from(whole);
        const pieces = split(bytes, how);
        const expected = firstComplete(bytes, stops);
        const matcher = new StopStrings(stops, (token) => pieces[token] as Uint8Array).matcher();
        let read = 0;
        for (const [token, piece] of pieces.entries()) {
          const match = matcher.read(token);
          read += piece.length;
          const due = expected !== null && expected.end <= read;
          expect(match === null ? null : [stops[match.stop], match.start]).toEqual(due ? [expected.stop, expected.start] : null);
          if (match) return;
        }
      }),
      { numRuns: 400 },
    );
  });

  it('say how much of the text may still become a stop', () => {
    fc.assert(
      fc.property(text(20), fc.array(text(4), { minLength: 1, maxLength: 3 }), (whole, stops) => {
        const bytes = Buffer.from(whole);
        const matcher = new StopStrings(stops, (token) => bytes.subarray(token, token + 1)).matcher();
        for (let end = 1; end <= bytes.length; end++) {
          if (matcher.read(end - 1)) return;
          const beginnings = stops.flatMap((stop) => Array.from(Buffer.from(stop), (_, length) => Buffer.from(stop).subarray(0, length)));
          const pending = beginnings.filter((beginning) =>
            bytes
              .subarray(0, end)
              .subarray(end - beginning.length)
              .equals(beginning),
          );
          expect(matcher.pending).toBe(Math.max(0, ...pending.map(({ length }) => length)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keep samples apart and pass over tokens that do not show', () => {
    const pieces = [Buffer.from('E'), Buffer.alloc(0), Buffer.from('ND of')];
    const stops = new StopStrings(['END'], (token) => pieces[token] as Uint8Array);
    const [one, other] = [stops.matcher(), stops.matcher()];
    expect([one.read(0), one.read(1)]).toEqual([null, null]);
    expect(other.read(2)).toBeNull();
    expect(one.read(2)).toEqual({ stop: 0, start: 0 });
  });

  it('cannot be empty', () => {
    expect(() => new StopStrings(['a', ''], () => new Uint8Array())).toThrow('stop_texts[1] is empty');
  });
});
