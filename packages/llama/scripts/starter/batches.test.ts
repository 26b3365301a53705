import { randomOf } from '@redqueen/core';
import { byteTokens } from '@redqueen/llama';
import { expect, test } from 'vitest';
import { Batches, tokensOf } from './batches.ts';
import { firstMix, steer } from './mix.ts';
import { skillSets } from './skills.ts';

const { plain } = skillSets;

test('a line becomes a prompt that begins a sequence and an answer that goes on with it', () => {
  const { prompt, answer } = tokensOf({ prompt: '1+2=', answer: '3\n' });
  expect([...prompt]).toEqual([byteTokens.begin, 49, 43, 50, 61]);
  expect([...answer]).toEqual([51, 10]);
});

test('every update has its number of short and of long lines, and the seed decides all of them', () => {
  const draw = () => {
    const batches = new Batches(plain, randomOf('batches'));
    return [batches.next(firstMix(plain)), batches.next(firstMix(plain))];
  };
  const [first, second] = [draw(), draw()];
  expect(first).toEqual(second);
  for (const lines of first) {
    // One token more than bytes: the beginning of the sequence.
    const long = lines.filter(({ prompt, answer }) => prompt.length - 1 + answer.length > 15);
    expect([lines.length, long.length]).toEqual([136, 40]);
  }
});

test('the mix decides what the lines are about', () => {
  const success = plain.skills.map(({ name }) => (/^(reverse|maze)/.test(name) ? 0 : 1));
  const lines = new Batches(plain, randomOf('mix')).next(steer(plain, success));
  const starting = (letter: string) => lines.filter(({ prompt }) => prompt[1] === letter.charCodeAt(0)).length;
  expect(starting('r')).toBeGreaterThan(starting('s'));
  expect(starting('m')).toBeGreaterThan(starting('w'));
});
