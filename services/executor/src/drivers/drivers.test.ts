import type { Task } from '@redqueen/core';
import { environmentByName, readTask } from '@redqueen/environments';
import { checkAnswer, rightAnswer } from '@redqueen/environments/truth';
import { ScriptedPolicy } from '@redqueen/testkit';
import { describe, expect, test } from 'vitest';
import { barely } from '../contexts.ts';
import { drivers } from './index.ts';

const driver = (use: string) => drivers.create({ use }, { context: barely });

const grid = environmentByName('grid');
const maze = grid.parse('mAK##D.##G') as Task;
const plan = { run: 'run', task: maze, attempts: 3, temperature: 1, seed: 9 };

/** Plans from the start go wrong after the first move; a new plan in each state is right. */
const hasty = new ScriptedPolicy(({ prompt }) => {
  const rest = readTask(prompt.slice(0, -1));
  return rest ? `${rightAnswer(rest).slice(0, 1)}uuu` : undefined;
});

describe('rollout drivers', () => {
  test('an unknown driver lists the known ones', () => {
    expect(() => drivers.get('nonsense')).toThrow(/plan, .*stepwise/);
  });

  test('plan takes the whole answer, stepwise mends it state by state', async () => {
    const whole = await driver('plan').attempt(plan, hasty);
    expect(whole.samples.map(({ text }) => checkAnswer(maze, text).correct)).toEqual([false, false, false]);
    expect(whole.samples[0]?.tokens).toHaveLength(5);
    const steps = await driver('stepwise').attempt(plan, hasty);
    expect(steps.samples.map(({ text }) => checkAnswer(maze, text).correct)).toEqual([true, true, true]);
    expect(steps.samples[0]).toMatchObject({ text: 'rdrd', tokens: [], failure: 'FAILURE_CLASS_OK' });
    expect(steps.policy).toEqual({ agent: 'executor/0', version: 1, adapterHash: 'hash-1' });
  });

  test('stepwise asks about the state that it is in: with the key the door is free', async () => {
    const policy = new ScriptedPolicy(({ prompt }) => {
      const rest = readTask(prompt.slice(0, -1));
      return rest ? rightAnswer(rest) : undefined;
    });
    await driver('stepwise').attempt({ ...plan, attempts: 1 }, policy);
    const asked = policy.generated.map(({ prompts }) => prompts[0]?.text);
    expect(asked).toEqual(['mAK##D.##G=', 'm.A##..##G=', 'm..##A.##G=', 'm..##.A##G=']);
  });

  test('stepwise ends with the budget of moves, and with the failure of a plan that it cannot read', async () => {
    const wall = new ScriptedPolicy(() => 'u');
    const [stuck] = (await driver('stepwise').attempt({ ...plan, attempts: 1 }, wall)).samples;
    expect(stuck).toMatchObject({ text: 'uuuuuu', failure: 'FAILURE_CLASS_TRUNCATED' });
    const [garbled] = (await driver('stepwise').attempt({ ...plan, attempts: 1 }, new ScriptedPolicy(() => '?'))).samples;
    expect(garbled).toMatchObject({ text: '', failure: 'FAILURE_CLASS_MALFORMED' });
  });

  test('stepwise refuses an environment that is answered at once, and names the driver to use', async () => {
    const task = environmentByName('arithmetic').parse('37+4') as Task;
    await expect(driver('stepwise').attempt({ ...plan, task }, hasty)).rejects.toThrow(/driver "plan"/);
  });
});
