import type { Body, Kind, Message } from '@redqueen/contract';
import type { Recipe } from '@redqueen/core';
import { environmentByName, readTask, splitOfStep } from '@redqueen/environments';
import { addresses, agents, connectRpc, loadConfig, loadRecipe, processEnvironment, type ServiceName } from '@redqueen/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRoles, type RoleCluster } from './cluster.ts';

const { config } = loadConfig({ environment: {}, flags: {} });
const model = processEnvironment()['REDQUEEN_TEST_MODEL'] ?? join(config.policy.modelsFolder, 'starter.gguf');

/** Two versions of the executor, 32 episodes each. */
const patch = {
  model,
  updates: 4,
  gate: { perArm: 1 },
  roles: {
    executor: { batch: 16, updatesPerVersion: 2 },
    proposer: { batch: 16, updatesPerVersion: 2 },
    verifier: { batch: 4, updatesPerVersion: 2 },
    'world-model': { batch: 4, updatesPerVersion: 2 },
  },
};

describe.skipIf(!existsSync(model))('five roles, the aggregator and the real device in one process', () => {
  let cluster: RoleCluster;
  let recipe: Recipe;
  let messages: Message[];
  const bodies = <K extends Kind>(kind: K): Body<K>[] =>
    messages.flatMap((message) => (message.kind === kind ? [message.body as Body<K>] : []));
  const ask = <S extends Parameters<typeof connectRpc>[0]>(service: S, name: ServiceName) =>
    connectRpc(service, `127.0.0.1:${cluster.ports.get(name)}`);

  beforeAll(async () => {
    cluster = await startRoles();
    recipe = loadRecipe('default', config.recipesFolder, patch);
    await cluster.start('roles', recipe);
    messages = await cluster.until(
      'roles',
      ({ kind, body }) =>
        (kind === 'released' || kind === 'refused') &&
        (body as Body<'released'>).agent === agents.executor &&
        (body as Body<'released'>).last,
    );
  }, 120_000);
  afterAll(async () => await cluster?.close());

  test('every agent gets its version 0 and at least one batch; the executor’s versions are decided on its gate anchors', () => {
    const agentNames = Object.values(agents);
    expect(
      bodies('released')
        .flatMap(({ agent, version }) => (version === 0 ? [agent] : []))
        .sort(),
    ).toEqual([...agentNames].sort());
    expect(new Set(bodies('batch').map(({ agent }) => agent))).toEqual(new Set(agentNames));
    const results = bodies('anchorResult').filter(({ task }) => task?.agent === agents.executor);
    expect(results.map(({ task }) => task?.version)).toEqual([0, 1, 2]);
    for (const { passed, figures, anchorsHash } of results) {
      expect(passed).toHaveLength(18);
      expect(figures.map(({ name }) => name)).toContain('greedy.maze');
      expect(anchorsHash).toBe(results[0]?.anchorsHash);
    }
  });

  test('no more episodes are accepted or running than the capacity rule allows, at any moment', () => {
    let [opened, accepted, voided, version] = [0, 0, 0, 0];
    for (const { kind, body } of messages) {
      if (kind === 'slot') opened += body.proposals;
      if (kind === 'settlement' && body.slotId !== '' && body.spec && body.status === 'SETTLEMENT_STATUS_SETTLED') accepted++;
      if (kind === 'settlement' && body.spec && body.status === 'SETTLEMENT_STATUS_VOID') voided++;
      if (
        (kind === 'released' && body.agent === agents.executor && body.reason !== 'start') ||
        (kind === 'refused' && body.agent === agents.executor)
      )
        version++;
      expect(opened - voided).toBeLessThanOrEqual((recipe.maxStaleness + version + 1) * 32);
    }
    expect(accepted).toBeGreaterThanOrEqual(64);
    expect(voided).toBe(0);
  });

  test('whatever is attempted or predicted for learning is of the training split', () => {
    const tasks = bodies('task').map(({ spec }) => readTask(spec?.canonical ?? ''));
    expect(tasks.length).toBeGreaterThanOrEqual(64);
    for (const task of tasks) expect(task && environmentByName(task.environment).splitOf(task)).toBe('train');
    const transitions = bodies('transitions').flatMap((body) => body.transitions);
    expect(transitions.length).toBeGreaterThan(0);
    for (const { state, action } of transitions) expect(splitOfStep(state, action)).toBe('train');
  });

  test('every reward is settled: nothing is refused, and no episode is left without its rewards', () => {
    const voided = bodies('settlement').filter(({ status }) => status !== 'SETTLEMENT_STATUS_SETTLED');
    expect(new Set(voided.map(({ reason }) => reason))).toEqual(new Set(voided.length > 0 ? ['held-out'] : []));
    expect(voided.every(({ episodeId }) => episodeId.endsWith('/r'))).toBe(true);
    expect(bodies('attempts').every(({ group }) => group?.samples.length === recipe.attemptsPerTask)).toBe(true);
    expect(bodies('verdicts').some(({ verdicts }) => verdicts.length === 2)).toBe(true);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
  });

  test('the same roles answer anyone who asks', async () => {
    const spec = { environment: 'arithmetic', canonical: '37+4' };
    const executor = ask('ExecutorService', 'executor');
    const { group } = await executor.Attempt({ run: 'roles', spec, attempts: 3, temperature: 1, seed: 1 });
    expect(group?.samples).toHaveLength(3);
    expect(group?.policy?.agent).toBe(agents.executor);
    const steps = await executor.Attempt({
      run: 'roles',
      spec: { environment: 'grid', canonical: 'mA.......G' },
      attempts: 2,
      temperature: 0,
      driver: 'stepwise',
    });
    expect(steps.group?.samples).toHaveLength(2);
    await expect(executor.Attempt({ run: 'roles', spec: { canonical: 'nonsense' }, attempts: 1 })).rejects.toThrow(/spec.canonical/);
    const { verdicts } = await ask('VerifierService', 'verifier').Judge({ run: 'roles', spec, answers: ['41', '42'] });
    expect(verdicts).toHaveLength(2);
    const { proposals } = await ask('ProposerService', 'proposer').Propose({
      run: 'roles',
      environment: 'strings',
      family: 'sort',
      level: 1,
      count: 5,
      seed: 1,
    });
    expect(proposals.every(({ spec: task, rejected }) => (rejected === '') === (task !== null))).toBe(true);
    const { group: predicted } = await ask('WorldModelService', 'world-model').Predict({
      run: 'roles',
      environment: 'grid',
      state: 'A.......G0',
      action: 'r',
      samples: 1,
    });
    expect(predicted?.samples).toHaveLength(1);
    const curriculum = ask('CurriculumService', 'curriculum');
    const state = await curriculum.State({ run: 'roles' });
    expect(state.arms).toHaveLength(18);
    expect(state.arms.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
    expect((await curriculum.Next({ run: 'roles', count: 4 })).slots).toHaveLength(4);
  });

  test('anchors of every role are answered to whoever asks', async () => {
    for (const [role, agent] of Object.entries(agents)) {
      const body = {
        anchorId: `report-${role}`,
        agent,
        version: 0,
        purpose: 'ANCHOR_PURPOSE_REPORT' as const,
        perArm: 2,
        sampled: true,
        replyTo: addresses.gateway,
      };
      await cluster.tell('roles', `report-${role}`, addresses[role as keyof typeof agents], { kind: 'anchorTask', body });
    }
    const answered = new Set<string>();
    messages = await cluster.until('roles', ({ kind, body }) => {
      if (kind === 'anchorResult' && body.anchorId.startsWith('report-')) answered.add(body.anchorId);
      return answered.size === 4;
    });
    const figures = bodies('anchorResult').flatMap(({ anchorId, figures: all }) =>
      anchorId.startsWith('report-') ? all.map(({ name }) => `${anchorId.slice(7)} ${name}`) : [],
    );
    for (const figure of [
      'executor greedy',
      'executor sampled.maze',
      'proposer valid',
      'proposer distinct',
      'verifier brier',
      'verifier auc',
      'worldModel fields',
      'worldModel exact',
    ]) {
      expect(figures).toContain(figure);
    }
  });
});
