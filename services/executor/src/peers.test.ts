import { agentsOfRole, randomOf } from '@redqueen/core';
import { environmentByName, generateIn } from '@redqueen/environments';
import { addresses } from '@redqueen/runtime';
import { bodiesOf, received, recordOf, ScriptedPolicy, tellsOf } from '@redqueen/testkit';
import { describe, expect, test } from 'vitest';
import { createExecutorActor } from './actor.ts';

const interaction = { rewards: [{ use: 'interaction', weight: 1 }], credit: { use: 'batch-normalised' } };
const record = recordOf({ driver: { use: 'discussion' }, roles: { executor: { agents: 3, ...interaction } } });
const peers = agentsOfRole(record.recipe, 'executor');
const task = generateIn('train', environmentByName('arithmetic'), { family: 'add', level: 1 }, randomOf(1, 'test task'));
const message = (seed: number) =>
  received(addresses.executor, 'task', {
    taskId: `0.0.${seed}`,
    slotId: '0.0',
    index: seed,
    spec: { ...task, origin: 'generator' },
    attempts: 2,
    seed,
  });

describe('several executors', () => {
  test('each makes the attempts at about as many tasks, drawn by the task’s seed', async () => {
    const actor = createExecutorActor(record, new ScriptedPolicy(() => '7'));
    const told = await tellsOf(actor, ...Array.from({ length: 300 }, (_, seed) => message(seed)));
    const authors = bodiesOf(told, 'attempts').map(({ group }) => group?.policy?.agent);
    for (const peer of peers) expect(Math.abs(authors.filter((author) => author === peer).length / 300 - 1 / 3)).toBeLessThan(0.1);
    expect(bodiesOf(await tellsOf(actor, message(5)), 'attempts')).toEqual(bodiesOf(told, 'attempts').slice(5, 6));
  });

  test('one actor tries the anchors of each with its own policy, and of nobody else', async () => {
    const policy = new ScriptedPolicy(() => '1');
    const ask = (agent: string) =>
      received(addresses.executor, 'anchorTask', { anchorId: 'a', agent, version: 2, purpose: 'ANCHOR_PURPOSE_GATE', perArm: 1 });
    const [result] = bodiesOf(await tellsOf(createExecutorActor(record, policy), ask('executor/2')), 'anchorAttempts');
    expect(result?.policy).toMatchObject({ agent: 'executor/2', version: 2 });
    expect(new Set(policy.generated.map(({ agent }) => agent))).toEqual(new Set(['executor/2']));
    await expect(tellsOf(createExecutorActor(record, policy), ask('executor/3'))).rejects.toThrow(
      /executor\/3 is not tried by executor\/0/,
    );
  });

  test('what the policy service cannot do voids the whole discussion', async () => {
    const policy = new ScriptedPolicy(() => '1');
    const failing = Object.assign(Object.create(policy) as ScriptedPolicy, {
      generate: (ask: Parameters<ScriptedPolicy['generate']>[0]) =>
        policy.generated.length > 0 ? Promise.reject(new Error('gone')) : policy.generate(ask),
    });
    const [attempts] = bodiesOf(await tellsOf(createExecutorActor(record, failing), message(1)), 'attempts');
    expect(attempts?.acts).toEqual([]);
    expect(attempts?.group?.samples.map(({ failure }) => failure)).toEqual(Array(2).fill('FAILURE_CLASS_INFRA_ERROR'));
  });

  test('who is paid for discussions needs a driver that holds them', () => {
    const mute = recordOf({ roles: { executor: interaction } });
    expect(() => createExecutorActor(mute, new ScriptedPolicy(() => '1'))).toThrow(/interaction is earned in discussions.*"discussion"/);
  });
});
