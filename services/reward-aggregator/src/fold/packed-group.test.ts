import type { Sample, SampleGroup } from '@redqueen/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allSampledTokens, joinGroups, packGroup, sampledTokens, spanOf, toolCalls, type PackedGroup } from './packed-group.ts';

const sampleOf = (given: readonly boolean[], calls: number): Sample => ({
  tokens: given.map((_, place) => place),
  logProbs: given.map((isGiven) => (isGiven ? 0 : -1)),
  text: '',
  failure: 'FAILURE_CLASS_OK',
  given: [...given],
  toolCalls: calls,
});
const groupOf = (samples: readonly Sample[]): SampleGroup => ({
  prompt: '1+1=',
  promptTokens: [256],
  samples: [...samples],
  policy: { agent: 'executor/0', version: 1, adapterHash: 'hash' },
});
const packed = (samples: readonly Sample[]): PackedGroup => {
  const group = packGroup(groupOf(samples), 'executor/0');
  return 'unreadable' in group ? expect.fail(group.unreadable) : group;
};
const anySample = fc
  .tuple(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), fc.nat({ max: 3 }))
  .map(([given, calls]) => sampleOf(given, calls));
const samples = fc.array(anySample, { minLength: 1, maxLength: 5 });

describe('a packed group', () => {
  it('says of each sample how many tokens were sampled and how often a tool gave a result', () => {
    fc.assert(
      fc.property(samples, (all) => {
        const group = packed(all);
        for (const [index, { given, toolCalls: calls }] of all.entries()) {
          expect(sampledTokens(group, index)).toBe(given.filter((one) => !one).length);
          expect(toolCalls(group, index)).toBe(calls);
        }
        expect(allSampledTokens(group)).toBe(all.flatMap(({ given }) => given).filter((one) => !one).length);
      }),
    );
  });

  it('keeps that when samples of several groups are joined', () => {
    fc.assert(
      fc.property(samples, samples, (left, right) => {
        const parts = [
          ...left.map((_, sample) => ({ group: packed(left), sample })),
          ...right.map((_, sample) => ({ group: packed(right), sample })),
        ];
        const joined = joinGroups(parts);
        for (const [index, { group, sample }] of parts.entries()) {
          expect(spanOf(joined, index)[1] - spanOf(joined, index)[0]).toBe(spanOf(group, sample)[1] - spanOf(group, sample)[0]);
          expect(sampledTokens(joined, index)).toBe(sampledTokens(group, sample));
          expect(toolCalls(joined, index)).toBe(toolCalls(group, sample));
        }
      }),
    );
  });

  it('holds no marks where no tool was at work', () => {
    const { given, calls } = packed([sampleOf([false, false], 0)]);
    expect([given, calls]).toEqual([undefined, undefined]);
  });
});
