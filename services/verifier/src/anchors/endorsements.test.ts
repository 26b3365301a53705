import type { AnchorItem } from '@redqueen/contract';
import { expect, test } from 'vitest';
import { endorsementFigures } from './endorsements.ts';

const item = (
  canonical: string,
  answers: string[],
  failures: AnchorItem['failures'] = answers.map(() => 'FAILURE_CLASS_OK'),
): AnchorItem => ({
  spec: { environment: 'arithmetic', family: 'add', level: 1, canonical, origin: 'generator' },
  prompt: '',
  answers,
  failures,
  greedy: 1,
  confidence: 0,
  surprisal: 0,
  sampledTokens: 0,
});

test('agreeing pairs of sampled answers, and how many of them are right', () => {
  const items = [item('1+2', ['3', '3', '3', '3', '4']), item('2+2', ['4', '5', '5', '4'])];
  expect(endorsementFigures(items)).toEqual([
    { name: 'endorsed', value: 3 / 4, count: 4 },
    { name: 'endorsed.arithmetic', value: 3 / 4, count: 4 },
    { name: 'endorsed.add', value: 3 / 4, count: 4 },
  ]);
});

test('nothing where a task has one sample, and nothing agrees with an answer that did not end', () => {
  expect(endorsementFigures([item('1+2', ['3', '3'])])).toEqual([]);
  expect(endorsementFigures([item('1+2', ['3', '3', '3'], ['FAILURE_CLASS_OK', 'FAILURE_CLASS_OK', 'FAILURE_CLASS_TRUNCATED'])])).toEqual(
    [],
  );
});
