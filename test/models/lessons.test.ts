import { expect, it } from 'vitest';
import { capitals, rewarded, tokensOf } from './lessons.ts';

it('counts letters alone, and gives advantages with mean 0 and deviation 1', () => {
  expect(['ABC', 'aBc!', '12', 'abc'].map(capitals)).toEqual([1, 1 / 3, 0, 0]);
  const samples = ['A', 'a', 'A', 'a'].map((text) => ({
    tokens: Int32Array.of(1, 2),
    logProbs: Float32Array.of(-1, -1),
    text,
    stopped: true,
    finish: 'stop' as const,
    stop: '',
  }));
  const group = rewarded({ prompt: '', promptTokens: Int32Array.of(0), samples }, capitals);
  const advantages = group.samples.map((sample) => sample.advantages[1] as number);
  for (const [index, sign] of [1, -1, 1, -1].entries()) expect(advantages[index]).toBeCloseTo(sign, 4);
  expect(tokensOf([group])).toBe(8);
});
