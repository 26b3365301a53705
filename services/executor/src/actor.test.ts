import { RedQueenError, seedOf, type Task } from '@redqueen/core';
import { anchorTasks, environmentByName, generateIn, readTask, splitOfStep } from '@redqueen/environments';
import { rightAnswer } from '@redqueen/environments/truth';
import { randomOf } from '@redqueen/core';
import { addresses } from '@redqueen/runtime';
import { bodiesOf, contextOf, received, recordOf, ScriptedPolicy, tellsOf } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createExecutorActor } from './actor.ts';

const record = recordOf();
const drawn = (environment: string, family: string, level: number, seed = 1): Task =>
  generateIn('train', environmentByName(environment), { family, level }, randomOf(seed, 'test task'));
const taskMessage = (task: Task, more: object = {}) =>
  received(addresses.executor, 'task', {
    taskId: '0.0.2',
    slotId: '0.0',
    index: 2,
    spec: { ...task, origin: 'proposer' },
    attempts: 8,
    seed: 5,
    ...more,
  });
const add = drawn('arithmetic', 'add', 1);

describe('executor actor', () => {
  test('a task becomes one group of attempts for the verifier, each with its failure class', async () => {
    const answers = [rightAnswer(add), '8a', undefined, '', '12345', '7'];
    const policy = new ScriptedPolicy(({ index }) => answers[index]);
    const told = await tellsOf(createExecutorActor(record, policy), taskMessage(add, { attempts: 6 }));
    const [attempts] = bodiesOf(told, 'attempts');
    expect(told).toHaveLength(1);
    expect(told[0]?.to).toEqual(addresses.verifier);
    expect(attempts).toMatchObject({ taskId: '0.0.2', slotId: '0.0', spec: { canonical: add.canonical, origin: 'proposer' } });
    expect(attempts?.group?.samples.map(({ failure }) => failure.slice('FAILURE_CLASS_'.length))).toEqual([
      'OK',
      'MALFORMED',
      'TRUNCATED',
      'MALFORMED',
      'TRUNCATED',
      'OK',
    ]);
    expect(attempts?.group?.policy).toEqual({ agent: 'executor/0', version: 1, adapterHash: 'hash-1' });
    expect(policy.generated).toEqual([
      { run: 'run', agent: 'executor/0', maxTokens: 4, temperature: 1, prompts: [{ text: `${add.canonical}=`, samples: 6, seed: 5 }] },
    ]);
  });

  test('the temperature is the task’s, and the recipe’s where the task names none', async () => {
    for (const [more, expected] of [
      [{ temperature: 0.65 }, 0.65],
      [{}, 1.2],
    ] as const) {
      const policy = new ScriptedPolicy(() => '1');
      const told = await tellsOf(createExecutorActor(recordOf({ temperature: 1.2 }), policy), taskMessage(add, more));
      expect(policy.generated[0]?.temperature).toBe(expected);
      expect(bodiesOf(told, 'attempts')[0]?.temperature).toBe(expected);
    }
  });

  test('what the policy service cannot do is an infrastructure failure without tokens, never a wrong answer', async () => {
    const policy = new ScriptedPolicy(() => '1');
    for (const [code, failure] of [
      ['unavailable', 'FAILURE_CLASS_INFRA_ERROR'],
      ['deadline_exceeded', 'FAILURE_CLASS_TIMEOUT'],
    ] as const) {
      policy.failure = new RedQueenError(code, 'no');
      const [attempts] = bodiesOf(await tellsOf(createExecutorActor(record, policy), taskMessage(add)), 'attempts');
      expect(attempts?.group?.samples).toHaveLength(8);
      for (const sample of attempts?.group?.samples ?? [])
        expect(sample).toEqual({ tokens: [], logProbs: [], text: '', failure, given: [] });
    }
  });

  test('an actor that must stop gives its message back', async () => {
    const controller = new AbortController();
    controller.abort(new RedQueenError('cancelled', 'draining'));
    const message = taskMessage(add);
    const handling = createExecutorActor(record, new ScriptedPolicy(() => '1')).receive(
      message,
      contextOf(addresses.executor, message, controller.signal),
    );
    await expect(handling).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('a held-out task is never attempted for learning', async () => {
    const [heldOut] = anchorTasks(record.recipe.environments, 'report', 1) as [Task];
    const policy = new ScriptedPolicy(() => '1');
    await expect(tellsOf(createExecutorActor(record, policy), taskMessage(heldOut))).rejects.toThrow(/held out/);
    expect(policy.generated).toEqual([]);
  });

  test('transitions are distinct executed train steps with their true outcomes, half of them exploration', async () => {
    const seeds = fc.integer({ min: 0, max: 10_000 });
    const plans = fc.array(fc.string({ unit: fc.constantFrom(...'udlr'), minLength: 1, maxLength: 6 }), { minLength: 8, maxLength: 8 });
    let [executed, explored] = [0, 0];
    await fc.assert(
      fc.asyncProperty(seeds, plans, fc.constantFrom(2, 3), async (seed, answers, level) => {
        const maze = drawn('grid', 'maze', level, seed);
        const told = await tellsOf(createExecutorActor(record, new ScriptedPolicy(({ index }) => answers[index])), taskMessage(maze));
        const transitions = bodiesOf(told, 'transitions').flatMap((body) => body.transitions);
        const grid = environmentByName('grid');
        expect(transitions.length).toBeLessThanOrEqual(record.recipe.transitionsPerTask);
        expect(new Set(transitions.map(({ state, action }) => `${state}${action}`)).size).toBe(transitions.length);
        for (const { state, action, outcome } of transitions) {
          expect(grid.step(grid.restore(state), action).outcome).toBe(outcome);
          expect(splitOfStep(state, action)).toBe('train');
        }
        const random = transitions.filter(({ exploration }) => exploration).length;
        const larger = Math.ceil(record.recipe.transitionsPerTask / 2);
        expect(random).toBeLessThanOrEqual(larger);
        expect(transitions.length - random).toBeLessThanOrEqual(larger);
        explored += random;
        executed += transitions.length - random;
      }),
      // A share over 900 steps: of 180 now and then one lies outside the bounds.
      { numRuns: 300 },
    );
    expect(explored / (explored + executed)).toBeGreaterThan(0.3);
    expect(explored / (explored + executed)).toBeLessThan(0.6);
  });

  test('without a learning world model, without steps or without readable answers there are no transitions', async () => {
    const maze = drawn('grid', 'maze', 2);
    const policy = new ScriptedPolicy(() => 'rd');
    const still = recordOf({ roles: { 'world-model': { trains: false } } });
    expect(await tellsOf(createExecutorActor(still, policy), taskMessage(maze))).toHaveLength(1);
    expect(await tellsOf(createExecutorActor(record, new ScriptedPolicy(() => 'xyz')), taskMessage(maze))).toHaveLength(1);
    const [transitions] = bodiesOf(await tellsOf(createExecutorActor(record, policy), taskMessage(maze)), 'transitions');
    expect(transitions).toMatchObject({ taskId: '0.0.2', environment: 'grid', predictions: 8, seed: seedOf(7, '0.0.2', 'predictions') });
  });

  test('handling a task again tells the same', async () => {
    const maze = drawn('grid', 'maze', 3);
    const policy = new ScriptedPolicy(({ index }) => ['rrdd', 'ddrr', 'urdl', 'rdrd'][index % 4]);
    const actor = createExecutorActor(record, policy);
    expect(await tellsOf(actor, taskMessage(maze))).toEqual(await tellsOf(actor, taskMessage(maze)));
  });

  test('anchors are tried with the version under test, greedy first, with seeds that do not depend on version or run', async () => {
    const policy = new ScriptedPolicy(({ temperature }) => (temperature === 0 ? '1' : undefined));
    const ask = (version: number, sampled: boolean, samples = 0) =>
      received(addresses.executor, 'anchorTask', {
        anchorId: `a-${version}`,
        agent: 'executor/0',
        version,
        purpose: 'ANCHOR_PURPOSE_GATE',
        perArm: 3,
        sampled,
        samples,
        replyTo: addresses.policy,
      });
    const actor = createExecutorActor(record, policy);
    const [first, second, third] = bodiesOf(await tellsOf(actor, ask(3, true), ask(4, false), ask(5, true, 4)), 'anchorAttempts');
    expect(third?.items[0]).toMatchObject({ greedy: 1, answers: ['1', '????', '????', '????', '????'], sampledTokens: 16 });
    const tasks = anchorTasks(record.recipe.environments, 'gate', 3);
    expect(first?.items.map(({ spec }) => spec?.canonical)).toEqual(tasks.map(({ canonical }) => canonical));
    expect(first?.items[0]).toMatchObject({ greedy: 1, answers: ['1', '????'], failures: ['FAILURE_CLASS_OK', 'FAILURE_CLASS_TRUNCATED'] });
    expect(first?.policy?.version).toBe(3);
    expect(second?.items[0]).toMatchObject({ answers: ['1'], surprisal: 0, sampledTokens: 0 });
    // Four tokens of the sampled answer with log-prob −0.5 each.
    expect(first?.items[0]).toMatchObject({ surprisal: 2, sampledTokens: 4 });
    expect(new Set(policy.generated.map(({ version }) => version))).toEqual(new Set([3, 4, 5]));
    const seedsOf = (version: number) =>
      policy.generated.filter((one) => one.version === version && one.temperature === 0).map((one) => one.prompts);
    expect(seedsOf(3)).toEqual(seedsOf(4));
    expect(first?.items.every(({ spec }) => readTask(spec?.canonical ?? '') !== undefined)).toBe(true);
  });

  test('cross-play: the tasks that were sent are attempted, held-out or not, by the version under test', async () => {
    const policy = new ScriptedPolicy(() => '5');
    const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical: '2+3', origin: 'proposer' };
    const ask = received(addresses.executor, 'anchorTask', {
      anchorId: 'c',
      agent: 'executor/0',
      version: 6,
      purpose: 'ANCHOR_PURPOSE_CROSS_PLAY',
      perArm: 4,
      sampled: true,
      tasks: [spec],
      replyTo: addresses.gateway,
    });
    const [attempts] = bodiesOf(await tellsOf(createExecutorActor(record, policy), ask), 'anchorAttempts');
    expect(attempts?.items).toMatchObject([{ spec, greedy: 1, answers: ['5', '5'] }]);
    expect(policy.generated.map(({ version }) => version)).toEqual([6, 6]);
  });

  test('anchors of another agent are refused', async () => {
    const message = received(addresses.executor, 'anchorTask', {
      anchorId: 'a',
      agent: 'proposer/0',
      purpose: 'ANCHOR_PURPOSE_GATE',
      perArm: 1,
    });
    await expect(tellsOf(createExecutorActor(record, new ScriptedPolicy(() => '1')), message)).rejects.toThrow(/own actor/);
  });
});
