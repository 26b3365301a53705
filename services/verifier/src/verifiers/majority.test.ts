import { readTask } from '@redqueen/environments';
import type { Answered, Task } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { majorityOf } from './majority.ts';
import { verifiers } from './index.ts';
import { ScriptedPolicy } from '@redqueen/testkit';

const [first, second] = ['37+45', '12+30'].map((canonical) => readTask(canonical) as Task) as [Task, Task];
const answered = (texts: readonly string[], task = first): Answered[] =>
  texts.map((answer) => ({ task, answer, finished: !answer.endsWith('…') }));

describe('majority', () => {
  test('the answer that most give is right, with its share as confidence; the others have their own', () => {
    const opinions = majorityOf(answered(['82', '72', '82', '9']));
    expect(opinions.map(({ outcome }) => outcome)).toEqual([1, 0, 1, 0]);
    expect(opinions.map(({ confidence }) => confidence)).toEqual([0.5, 0.25, 0.5, 0.25]);
  });

  test('trap: answers that did not end agree with nothing, however alike they are', () => {
    const opinions = majorityOf(answered(['1…', '1…', '1…', '82']));
    expect(opinions.map(({ outcome }) => outcome)).toEqual([0, 0, 0, 1]);
    expect(opinions.map(({ confidence }) => confidence)).toEqual([0, 0, 0, 0.25]);
    expect(majorityOf(answered(['1…', '2…'])).map(({ outcome }) => outcome)).toEqual([0, 0]);
  });

  test('the share of outcomes is the share of the majority, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('1', '2', '3', '4…'), { minLength: 1, maxLength: 9 }), (texts) => {
        const share = (all: readonly string[]) =>
          majorityOf(answered(all)).reduce((sum, { outcome }) => sum + (outcome ?? 0), 0) / all.length;
        const votes = ['1', '2', '3'].map((text) => texts.filter((one) => one === text).length);
        expect(share(texts)).toBeCloseTo(Math.max(...votes) / texts.length, 12);
        expect(share(texts.toReversed())).toBeCloseTo(share(texts), 12);
      }),
    );
  });

  test('every task has a vote of its own, and opinions come in the order of the answers', async () => {
    const majority = verifiers.create({ use: 'majority' }, { policy: new ScriptedPolicy(() => undefined) });
    const answers = [...answered(['82', '82', '7']), ...answered(['42', '7', '7'], second)];
    const mixed = [0, 3, 1, 4, 2, 5].map((index) => answers[index] as Answered);
    const opinions = await majority.verify({ run: 'run' }, mixed);
    expect(opinions.map(({ outcome }) => outcome)).toEqual([1, 0, 1, 1, 0, 1]);
  });
});
