import { RedQueenError, type Task } from '@redqueen/core';
import { anchorSlots, anchorTasks, environmentByName, readTask } from '@redqueen/environments';
import { addresses } from '@redqueen/runtime';
import { bodiesOf, received, recordOf, ScriptedPolicy, tellsOf } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createProposerActor } from './actor.ts';

const record = recordOf();
const slotMessage = (slotId: string, more: object = {}) =>
  received(
    addresses.proposer,
    'slot',
    { slotId, environment: 'arithmetic', family: 'add', level: 1, seed: 3, proposals: 4, attempts: 8, source: 'proposer', ...more },
    `slot-${slotId}`,
  );
const isTrain = (canonical: string): boolean => {
  const task = readTask(canonical) as Task;
  return environmentByName(task.environment).splitOf(task) === 'train';
};
/** Train tasks of add level 1. */
const tasks = Array.from({ length: 90 }, (_, index) => `${index + 10}+4`).filter(isTrain);
const heldOut =
  anchorTasks(record.recipe.environments, 'report', 1).find(({ family, level }) => family === 'add' && level === 1)?.canonical ?? '';

describe('proposer actor', () => {
  test('valid proposals become tasks with their samples; each other one is rejected and a drawn task takes its place', async () => {
    const said = [tasks[0], 'nonsense', undefined, 'sabc', heldOut, tasks[1]];
    const policy = new ScriptedPolicy(({ index }) => said[index]);
    const told = await tellsOf(createProposerActor(record, policy), slotMessage('0.3', { proposals: 6 }));
    const made = bodiesOf(told, 'task');
    expect(made.map(({ taskId }) => taskId)).toEqual(['0.3.0', '0.3.1', '0.3.2', '0.3.3', '0.3.4', '0.3.5']);
    expect(made.map(({ spec }) => spec?.origin)).toEqual(['proposer', 'generator', 'generator', 'generator', 'generator', 'proposer']);
    expect(made.map(({ proposal }) => proposal?.samples.length ?? 0)).toEqual([1, 0, 0, 0, 0, 1]);
    expect(made[5]).toMatchObject({
      slotId: '0.3',
      index: 5,
      attempts: 8,
      spec: { environment: 'arithmetic', family: 'add', level: 1, canonical: tasks[1] },
    });
    expect(made[5]?.proposal).toMatchObject({ prompt: 'p+1=', samples: [{ text: tasks[1] }], policy: { agent: 'proposer/0', version: 1 } });
    const rejected = bodiesOf(told, 'rejected');
    expect(rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'malformed'],
      [2, 'truncated'],
      [3, 'wrong-slot'],
      [4, 'held-out'],
    ]);
    expect(rejected.every(({ proposal }) => proposal?.samples.length === 1)).toBe(true);
    expect(policy.generated).toMatchObject([
      { agent: 'proposer/0', maxTokens: 11, temperature: 1, prompts: [{ text: 'p+1=', samples: 6, seed: 3 }] },
    ]);
  });

  test('validity is told of every proposal, repetition of the valid ones, and nothing at all of a held-out one', async () => {
    const said = [tasks[0], 'nonsense', heldOut, tasks[0]];
    const told = await tellsOf(createProposerActor(record, new ScriptedPolicy(({ index }) => said[index])), slotMessage('1.0'));
    const bundles = bodiesOf(told, 'rewards');
    expect(
      bundles.map(({ episodeId, teller, rewards }) => [episodeId, teller, rewards.map(({ term, turn, value }) => [term, turn, value])]),
    ).toEqual([
      [
        '1.0.0',
        'proposer/0',
        [
          ['validity', 0, 1],
          ['repetition', 0, 0.5],
        ],
      ],
      ['1.0.1/r', 'proposer/0', [['validity', 1, 0]]],
      [
        '1.0.3',
        'proposer/0',
        [
          ['validity', 3, 1],
          ['repetition', 3, 0.5],
        ],
      ],
    ]);
    expect(bundles[0]?.rewards[0]).toMatchObject({ agent: 'proposer/0', role: 'proposer' });
    expect(new Set(bundles.flatMap(({ rewards }) => rewards.map(({ rewardId }) => rewardId))).size).toBe(5);
  });

  test('copies are remembered over slots, and handling a slot again counts it once', async () => {
    const actor = createProposerActor(record, new ScriptedPolicy(() => tasks[0]));
    const repetitions = async (...ids: string[]) => {
      const told = await tellsOf(actor, ...ids.map((id) => slotMessage(id, { proposals: 1 })));
      return bodiesOf(told, 'rewards').flatMap(({ rewards }) =>
        rewards.flatMap(({ term, value }) => (term === 'repetition' ? [value] : [])),
      );
    };
    expect(await repetitions('0.0', '0.1', '0.1', '0.2', '0.3')).toEqual([0, 0.5, 0.5, 1, 1]);
  });

  test('whatever a policy says, a slot yields all its tasks from the training split, with the same ids at every try', async () => {
    const arms = fc.constantFrom(
      ...record.recipe.environments.flatMap(({ use, families }) =>
        Object.entries(families).flatMap(([family, levels]) => levels.map((level) => ({ environment: use, family, level }))),
      ),
    );
    const sayings = fc.array(fc.oneof(fc.constantFrom(...tasks, heldOut, 'sabc', 'mA.......G'), fc.string(), fc.constant(undefined)), {
      minLength: 5,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(arms, sayings, fc.nat(), async (arm, said, seed) => {
        const actor = createProposerActor(record, new ScriptedPolicy(({ index }) => said[index]));
        const message = slotMessage('0.0', { ...arm, seed, proposals: 5 });
        const told = await tellsOf(actor, message);
        const made = bodiesOf(told, 'task');
        expect(made.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
        for (const { spec } of made) {
          expect(spec).toMatchObject(arm);
          expect(isTrain(spec?.canonical ?? '')).toBe(true);
          expect(spec?.canonical).not.toBe(heldOut);
        }
        expect(bodiesOf(told, 'rejected').length + made.filter(({ spec }) => spec?.origin === 'proposer').length).toBe(5);
        expect((await tellsOf(actor, message)).map(({ id }) => id)).toEqual(told.map(({ id }) => id));
        expect(bodiesOf(await tellsOf(actor, message), 'task')).toEqual(made);
      }),
      { numRuns: 80 },
    );
  });

  test('a slot without a learning proposer asks no policy, tells no rewards and rejects nothing', async () => {
    const policy = new ScriptedPolicy(() => 'nonsense');
    const told = await tellsOf(createProposerActor(record, policy), slotMessage('0.0', { source: 'generator' }));
    expect(told.map(({ kind }) => kind)).toEqual(['task', 'task', 'task', 'task']);
    expect(policy.generated).toEqual([]);
  });

  test('a policy service that is away makes the message come again', async () => {
    const policy = new ScriptedPolicy(() => 'nonsense');
    policy.failure = new RedQueenError('unavailable', 'not there');
    await expect(tellsOf(createProposerActor(record, policy), slotMessage('0.0'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(tellsOf(createProposerActor(record, policy), slotMessage('0.0', { source: 'magic' }))).rejects.toThrow(
      /neither the recipe's nor generator/,
    );
  });

  test('anchors: proposals of every arm with fixed seeds, for the version under test', async () => {
    const policy = new ScriptedPolicy(() => tasks[0]);
    const ask = received(addresses.proposer, 'anchorTask', {
      anchorId: 'a',
      agent: 'proposer/0',
      version: 2,
      purpose: 'ANCHOR_PURPOSE_GATE',
      perArm: 3,
      replyTo: addresses.policy,
    });
    const told = await tellsOf(createProposerActor(record, policy), ask);
    const [attempts] = bodiesOf(told, 'anchorAttempts');
    expect(told[0]?.to).toEqual(addresses.verifier);
    expect(attempts?.items).toHaveLength(7);
    expect(attempts?.items[0]).toMatchObject({
      spec: { family: 'add', level: 1 },
      prompt: 'p+1=',
      greedy: 0,
      answers: [tasks[0], tasks[0], tasks[0]],
    });
    expect(policy.generated[0]).toMatchObject({ version: 2, temperature: 1 });
    expect(policy.generated[0]?.prompts.map(({ seed }) => seed)).toEqual(
      anchorSlots(record.recipe.environments, 3).map(({ seed }) => seed),
    );
  });

  test('cross-play: valid proposals of one version, each once, go to every opponent; held-out ones go to nobody', async () => {
    const said = [tasks[0], tasks[0], heldOut, 'nonsense', tasks[1]];
    const policy = new ScriptedPolicy(({ index }) => said[index % 5]);
    const ask = received(addresses.proposer, 'anchorTask', {
      anchorId: 'r1:cross-play:2',
      agent: 'proposer/0',
      version: 2,
      purpose: 'ANCHOR_PURPOSE_CROSS_PLAY',
      perArm: 5,
      sampled: true,
      opponents: [0, 7],
      replyTo: addresses.gateway,
    });
    const told = await tellsOf(createProposerActor(record, policy), ask);
    expect(told.map(({ to }) => to)).toEqual([addresses.executor, addresses.executor]);
    const [first, second] = bodiesOf(told, 'anchorTask');
    expect(first).toMatchObject({ anchorId: 'r1:cross-play:2:0', agent: 'executor/0', version: 0, purpose: 'ANCHOR_PURPOSE_CROSS_PLAY' });
    expect(first?.tasks.map(({ canonical }) => canonical)).toEqual([tasks[0], tasks[1]]);
    expect(second).toMatchObject({ anchorId: 'r1:cross-play:2:7', version: 7, tasks: first?.tasks, replyTo: addresses.gateway });
    expect(policy.generated[0]).toMatchObject({ version: 2, temperature: 1 });
    const slotSeeds = anchorSlots(record.recipe.environments, 5).map(({ seed }) => seed);
    expect(policy.generated[0]?.prompts.some(({ seed }) => slotSeeds.includes(seed))).toBe(false);
  });
});
