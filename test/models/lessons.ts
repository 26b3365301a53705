import type { SampledGroup, TrainGroup } from '@redqueen/llama';

/** Questions and answers in capitals, to be cloned. */
export const lessons: readonly (readonly [question: string, answer: string])[] = [
  ['What is the capital of France?', 'THE CAPITAL OF FRANCE IS PARIS.'],
  ['What colour is the sky?', 'THE SKY IS BLUE.'],
  ['Name a small animal.', 'A MOUSE IS A SMALL ANIMAL.'],
  ['What do cows drink?', 'COWS DRINK WATER.'],
  ['Who wrote Hamlet?', 'SHAKESPEARE WROTE HAMLET.'],
  ['What is the capital of Spain?', 'THE CAPITAL OF SPAIN IS MADRID.'],
];

/** Questions that are not among the lessons. */
export const unseen: readonly string[] = ['What is the capital of Italy?', 'Name a large animal that lives in Africa.'];

/** Share of capitals among a text's letters; 0 without letters. */
export function capitals(text: string): number {
  const letters = text.match(/[a-z]/gi) ?? [];
  return letters.length === 0 ? 0 : letters.filter((letter) => letter < 'a').length / letters.length;
}

/** A group with its rewards as advantages: each minus the mean, over the deviation (GRPO). */
export function rewarded({ promptTokens, samples }: SampledGroup, reward: (text: string) => number): TrainGroup {
  const rewards = samples.map(({ text }) => reward(text));
  const mean = rewards.reduce((sum, value) => sum + value, 0) / rewards.length;
  const deviation = Math.sqrt(rewards.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rewards.length) + 1e-6;
  return {
    promptTokens,
    samples: samples.map(({ tokens, logProbs }, index) => ({
      tokens,
      oldLogProbs: logProbs,
      advantages: new Float32Array(tokens.length).fill(((rewards[index] as number) - mean) / deviation),
    })),
  };
}

/** Tokens of all samples. */
export function tokensOf(groups: readonly TrainGroup[]): number {
  return groups.reduce((sum, { samples }) => sum + samples.reduce((all, { tokens }) => all + tokens.length, 0), 0);
}
