import { randomOf } from '@redqueen/core';
import { environmentByName, generateIn } from '@redqueen/environments';
import { rightAnswer } from '@redqueen/environments/truth';
import { addresses } from '@redqueen/runtime';
import { bodiesOf, received, recordOf, ScriptedPolicy, tellsOf } from '@redqueen/testkit';
import { describe, expect, test } from 'vitest';
import { createVerifierActor } from './actor.ts';

const task = generateIn('train', environmentByName('arithmetic'), { family: 'add', level: 1 }, randomOf('deciders'));
const right = rightAnswer(task);
const answers = ['1', right, '1', '1…'];
const attempts = received(addresses.verifier, 'attempts', {
  taskId: '2.1.3',
  slotId: '2.1',
  spec: { ...task, origin: 'proposer' },
  group: {
    prompt: `${task.canonical}=`,
    promptTokens: [256],
    samples: answers.map((text) => ({
      tokens: [1],
      logProbs: [-1],
      text,
      failure: text.endsWith('…') ? 'FAILURE_CLASS_TRUNCATED' : 'FAILURE_CLASS_OK',
    })),
    policy: { agent: 'executor/0', version: 1, adapterHash: 'h' },
  },
});
const fenced = (verifiers: object[], trains = true) =>
  recordOf({ groundTruth: 'none', curriculum: { use: 'uniform' }, verifiers, roles: { verifier: { trains } } });
const judged = new ScriptedPolicy(
  () => undefined,
  (prompt) => (prompt.includes(`=${right}?`) ? 0.8 : 0.25),
);
const rewardsFor = async (record: ReturnType<typeof recordOf>) => {
  const told = await tellsOf(createVerifierActor(record, judged), attempts);
  return bodiesOf(told, 'rewards').flatMap(({ rewards }) => rewards);
};
const valuesOf = (rewards: Awaited<ReturnType<typeof rewardsFor>>, term: string) =>
  rewards.filter((one) => one.term === term).map(({ value }) => value);

describe('who decides', () => {
  test('a majority: a wrong answer that most give is paid, the right one is not, and nobody knows better', async () => {
    const rewards = await rewardsFor(fenced([{ use: 'majority' }, { use: 'judge' }]));
    expect(valuesOf(rewards, 'outcome')).toEqual([1, 0, 1, 0]);
    expect(valuesOf(rewards, 'learnability')).toEqual([1]);
    expect(rewards.find(({ term }) => term === 'outcome')?.evidence).toBe('"1" right by majority, confidence 0.5000');
    // The judge is held against the vote: 0.25 for what the vote calls right, 0.8 for what it calls wrong.
    expect(valuesOf(rewards, 'brier').map((value) => value.toFixed(4))).toEqual([(1 - 0.75 ** 2).toFixed(4), (1 - 0.8 ** 2).toFixed(4)]);
  });

  test('a judge: by its label, or softly by its confidence; an answer that did not end is worth nothing', async () => {
    expect(valuesOf(await rewardsFor(fenced([{ use: 'judge' }], false)), 'outcome')).toEqual([0, 1, 0, 0]);
    const soft = await rewardsFor(fenced([{ use: 'judge', options: { soft: true } }], false));
    expect(valuesOf(soft, 'outcome').map((value) => value.toFixed(4))).toEqual(['0.2500', '0.8000', '0.2500', '0.0000']);
    const rate = 1.3 / 4;
    expect(valuesOf(soft, 'learnability')[0]).toBeCloseTo(4 * rate * (1 - rate), 9);
  });
});
