import { afterEach, expect, it } from 'vitest';
import { answerTo, batchOf, Laboratory } from '../testing/laboratory.ts';
import { testPlan } from '../testing/plan.ts';
import { keptFiles } from './retention.ts';
import type { RunPlan } from './state.ts';
import { agentsOf } from '@redqueen/core';

const agent = 'executor/0';
const agentRoles = agentsOf(testPlan().recipe);
const allPassed = [true, true, true, true, true, true, true, true];
const allFailed = allPassed.map(() => false);
let laboratory: Laboratory;
afterEach(() => laboratory.close());

/** A run whose version 0 is measured and released. */
async function begin(plan: RunPlan, passed: readonly boolean[] = allPassed): Promise<void> {
  laboratory = await Laboratory.open(plan);
  await laboratory.send({ kind: 'control', body: { command: 'start' } });
  if (plan.recipe.lineage.use === 'gated') for (const _ of agentsOf(plan.recipe)) await answer(passed);
}

let answered = 0;
async function answer(passed: readonly boolean[], hash?: string): Promise<void> {
  if (laboratory.messages.length === 1) answered = 0;
  const task = laboratory.tells('anchorTask')[answered++];
  if (!task) throw new Error('nothing was asked');
  const candidate = laboratory.tells('candidate').find((told) => told.agent === task.agent && told.version === task.version);
  await laboratory.send(answerTo(task, passed, hash ?? candidate?.adapterHash ?? ''));
}

async function batches(first: number, last: number, name = agent): Promise<void> {
  for (let number = first; number <= last; number++) await laboratory.send(batchOf(name, number, of(name).current));
}

const of = (name: string) => laboratory.state.agents.find((each) => each.agent === name) ?? laboratory.state.agents[0]!;
const weights = (name = agent) => laboratory.device.agents.get(`test:${name}`)?.weights ?? '';

it('measures version 0 of every agent, then releases it as the base model', async () => {
  laboratory = await Laboratory.open(testPlan());
  await laboratory.send({ kind: 'control', body: { command: 'start' } });
  expect(laboratory.tells('anchorTask').map((task) => [task.agent, task.version, task.purpose, task.perArm])).toEqual(
    agentRoles.map((each) => [each.agent, 0, 'ANCHOR_PURPOSE_GATE', 6]),
  );
  expect(laboratory.tells('released')).toEqual([]);
  for (const _ of agentRoles) await answer(allPassed);
  expect(laboratory.tells('released').map((told) => [told.agent, told.version, told.adapterHash, told.reason])).toEqual(
    agentRoles.map((each) => [each.agent, 0, '', 'start']),
  );
});

it('releases without measuring where the recipe has no gate', async () => {
  await begin(testPlan({ lineage: { use: 'ungated' } }));
  await batches(1, 2);
  expect(laboratory.tells('anchorTask')).toEqual([]);
  expect(laboratory.tells('candidate')).toHaveLength(1);
  expect(laboratory.tells('released').at(-1)).toMatchObject({
    agent,
    version: 1,
    reason: 'no-gate',
    sourceVersion: 1,
    updates: 2,
    last: false,
  });
});

it('commits in the candidate message what was consumed, and lets later batches wait for the gate', async () => {
  await begin(testPlan());
  await batches(1, 5);
  expect(laboratory.tells('candidate')).toMatchObject([
    { agent, version: 1, parent: 0, consumedBatches: 2, updates: 2, stats: { tokens: 2 } },
  ]);
  expect(of(agent).pending.map((batch) => batch.number)).toEqual([3, 4, 5]);
  await answer(allPassed);
  expect(laboratory.tells('released').at(-1)).toMatchObject({
    version: 1,
    reason: 'gate',
    adapterHash: laboratory.tells('candidate')[0]?.adapterHash,
  });
  expect(laboratory.tells('candidate').at(-1)).toMatchObject({ version: 2, parent: 1, consumedBatches: 4, updates: 4 });
  expect(of(agent).pending.map((batch) => batch.number)).toEqual([5]);
});

it('refuses a worse candidate, goes back to its parent, and goes on with the next number', async () => {
  await begin(testPlan());
  await batches(1, 3);
  await answer(allFailed);
  expect(laboratory.tells('refused')).toMatchObject([{ agent, version: 1, passToFail: 8, failToPass: 0, updates: 2, last: false }]);
  expect(laboratory.tells('refused')[0]?.reason).toContain('of 8 anchors 8 were lost and 0 gained against version 0');
  expect(of(agent).current).toBe(0);
  expect(weights()).not.toMatch(/\|[12]@/);
  expect(weights()).toContain('|3@');
  await batches(4, 4);
  expect(laboratory.tells('candidate').at(-1)).toMatchObject({ version: 2, parent: 0, consumedBatches: 4 });
});

it('refuses a candidate whose canary disagrees with stock llama.cpp, without asking the gate', async () => {
  await begin(testPlan());
  await batches(1, 1);
  const asked = laboratory.tells('anchorTask').length;
  laboratory.device.everyCanary = 0.01;
  await batches(2, 2);
  expect(laboratory.tells('refused')).toMatchObject([
    { version: 1, reason: 'canary: log-probs under stock llama.cpp differ by 0.0100, more than 0.001' },
  ]);
  expect(laboratory.tells('anchorTask')).toHaveLength(asked);
  expect(weights()).not.toContain('|');
});

it('refuses an answer that came from other weights', async () => {
  await begin(testPlan());
  await batches(1, 2);
  await answer(allPassed, 'somebody-else');
  expect(laboratory.tells('refused')[0]?.reason).toMatch(
    /^attestation: the gate anchors were answered by somebody-else, not by adapter [0-9a-f]{64}$/,
  );
});

it('ends the run with the executor’s last candidate; nobody trains after it', async () => {
  await begin(testPlan({ updates: 3 }));
  await batches(1, 2, 'proposer/0');
  await batches(1, 1, 'verifier/0');
  await batches(1, 2);
  await answer(allPassed);
  await answer(allPassed);
  await batches(3, 5);
  await answer(allFailed);
  expect(laboratory.tells('refused').at(-1)).toMatchObject({ agent, version: 2, updates: 3, last: true });
  expect(laboratory.state.agents.map((each) => each.phase)).toEqual(['finished', 'finished', 'finished', 'finished']);
  await batches(6, 6);
  await batches(2, 4, 'verifier/0');
  expect(laboratory.tells('candidate').filter((told) => told.agent === 'verifier/0')).toEqual([]);
});

it('ends the run when the tokens are used up, even where nothing new was trained', async () => {
  await begin(testPlan({ updates: 100, maxSampledTokens: 30 }));
  await batches(1, 2);
  await answer(allPassed);
  await batches(1, 1, 'proposer/0');
  expect(laboratory.tells('released').at(-1)).toMatchObject({ agent, version: 2, sourceVersion: 1, reason: 'unchanged', last: true });
});

it.each([
  ['a learning rate of 0', { optimizer: { learningRate: 0 } }],
  ['a role that does not train', { trains: false }],
])('keeps every bit with %s, counts the versions and ends the run', async (_, executor) => {
  await begin(testPlan({ updates: 4, roles: { executor } }));
  const before = weights();
  await batches(1, 4);
  expect(laboratory.tells('released').slice(4)).toMatchObject([
    { agent, version: 1, adapterHash: '', sourceVersion: 0, reason: 'unchanged', updates: 2, last: false },
    { agent, version: 2, adapterHash: '', sourceVersion: 0, reason: 'unchanged', updates: 4, last: true },
  ]);
  expect(laboratory.tells('candidate')).toEqual([]);
  expect(weights()).toBe(before);
});

it('rolls back: the old adapter under a new number, training from it, the candidate at the gate refused', async () => {
  await begin(testPlan());
  await batches(1, 2);
  await answer(allPassed);
  await batches(3, 5);
  const first = laboratory.tells('candidate')[0]?.adapterHash;
  await laboratory.send({ kind: 'control', body: { command: 'rollback', agent, version: 0 } });
  expect(laboratory.tells('refused')).toMatchObject([{ version: 2, reason: 'rollback to version 0' }]);
  expect(laboratory.tells('released').at(-1)).toMatchObject({ version: 3, sourceVersion: 0, adapterHash: '', reason: 'rollback' });
  expect(weights()).not.toMatch(/\|[1-4]@/);
  await laboratory.send({ kind: 'control', body: { command: 'promote', agent, version: 1 } });
  expect(laboratory.tells('released').at(-1)).toMatchObject({ version: 4, sourceVersion: 1, adapterHash: first, reason: 'promote' });
  expect(weights()).toMatch(/\|1@.*\|2@/);
});

it('compares later candidates with what they come from, not with what was rolled back', async () => {
  await begin(testPlan({ gate: { tolerance: 0.5 } }));
  const half = [true, true, true, true, false, false, false, false];
  await laboratory.send({ kind: 'control', body: { command: 'promote', agent, version: 7 } });
  await batches(1, 2);
  await answer(allPassed);
  await laboratory.send({ kind: 'control', body: { command: 'rollback', agent, version: 0 } });
  await batches(3, 4);
  await answer(half);
  expect(laboratory.tells('refused').at(-1)?.reason).toContain('against version 2');
});

it('refuses a rollback to a file that is corrupt, says so, and stays where it was', async () => {
  await begin(testPlan());
  for (let round = 0; round < 5; round++) {
    await batches(2 * round + 1, 2 * round + 2);
    await answer(allPassed);
  }
  const target = of(agent).versions[1]?.files?.adapter ?? '';
  const objects = await laboratory.bus.objects('rq-adapters');
  await objects.put(target, Buffer.from('rubbish'));
  await laboratory.restart();
  await laboratory.send({ kind: 'control', body: { command: 'rollback', agent, version: 1 } });
  expect(laboratory.tells('refused').at(-1)?.reason).toMatch(
    new RegExp(`^rollback to version 1: file ${target} in the object store rq-adapters is corrupt`),
  );
  expect(of(agent).current).toBe(5);
});

it('takes what the stream says was committed where a crash made it train again and come out differently', async () => {
  await begin(testPlan());
  await batches(1, 3);
  const told = laboratory.tells('candidate')[0];
  const recorded = Buffer.from('seed other|1@0.5|2@0.5');
  const optimizerHash = await laboratory.policies.stores.optimizers.put(recorded);
  const adapterHash = await laboratory.policies.stores.adapters.put(Buffer.from(`adapter of ${recorded.toString()}`));
  await laboratory.send({ kind: 'candidate', body: { ...told, adapterHash, optimizerHash } });
  expect(weights()).toBe(recorded.toString());
  await answer(allPassed, adapterHash);
  expect(laboratory.tells('released').at(-1)).toMatchObject({ version: 1, adapterHash });
  expect(weights()).toMatch(/^seed other\|1@0.5\|2@0.5\|3@/);
});

it('refuses a candidate when too many batches wait for its gate', async () => {
  await begin(testPlan({ updates: 1000 }));
  await batches(1, 67);
  expect(laboratory.tells('refused')).toMatchObject([{ version: 1, reason: 'gate: no answer while 64 batches waited' }]);
});

it('skips a batch over which the device dies again and again', async () => {
  await begin(testPlan());
  laboratory.device.trainingsLeft = 0;
  laboratory.trainingsOfNext = [0, 0, 0, 0];
  await batches(1, 1);
  expect(of(agent)).toMatchObject({ updates: 1, uncommitted: [{ batch: { number: 1 } }] });
  expect(of(agent).uncommitted[0]?.stats).toBeUndefined();
});

it('takes a batch that was dead and is retried after later ones', async () => {
  await begin(testPlan());
  await batches(2, 2);
  await batches(1, 1);
  await batches(1, 2);
  expect(laboratory.tells('candidate')).toMatchObject([{ version: 1, updates: 2 }]);
  expect(of(agent)).toMatchObject({ missing: [], lastBatch: 2, pending: [] });
});

it('keeps 0, the newest eight, every tenth, the best and those rolled back to; optimizers only the newest', async () => {
  const most = [...allPassed.slice(1), false];
  await begin(testPlan({ updates: 1000 }), most);
  for (let round = 0; round < 26; round++) {
    await batches(2 * round + 1, 2 * round + 2);
    await answer(round === 4 ? allPassed : most);
    if (round === 6) await laboratory.send({ kind: 'control', body: { command: 'rollback', agent, version: 3 } });
  }
  const { pruner } = laboratory.policies;
  for (let stored = 0; stored < 2; stored++) pruner.encoded(laboratory.state);
  pruner.prune(laboratory.state);
  await pruner.settled();
  const adapters = await (await laboratory.bus.objects('rq-adapters')).list();
  const optimizers = await (await laboratory.bus.objects('rq-optimizers')).list();
  const kept = keptFiles(laboratory.state.agents, 1);
  expect(new Set(adapters)).toEqual(kept.adapters);
  expect(new Set(optimizers)).toEqual(kept.optimizers);
  const numbers = of(agent).versions.filter(
    (version) => adapters.includes(version.files?.adapter ?? '') && version.source === version.number,
  );
  expect(numbers.map((version) => version.number)).toEqual([0, 3, 5, 10, 20, 21, 22, 23, 24, 25, 26, 27]);
});

it.each([0, 1, 3])('keeps the current version and the %i before it loaded, and trims older ones', async (maxStaleness) => {
  await begin(testPlan({ updates: 1000, maxStaleness }));
  const loaded = () => [...(laboratory.device.agents.get(`test:${agent}`)?.versions.keys() ?? [])].sort((a, b) => a - b);
  for (let round = 0; round < 14; round++) {
    await batches(2 * round + 1, 2 * round + 2);
    await answer(allPassed);
    const { current } = of(agent);
    // Version 0 is the base model: it needs no loading.
    const owed = Array.from({ length: maxStaleness + 1 }, (_, age) => current - age).filter((number) => number > 0);
    expect(loaded()).toEqual(expect.arrayContaining(owed));
    const { served, state } = laboratory.policies;
    for (const number of owed) await expect(served.ready(state, agent, number)).resolves.toMatchObject({ source: number });
  }
  // Besides those that are owed, a few that somebody asked for lately stay.
  expect(loaded().length).toBeLessThanOrEqual(maxStaleness + 1 + 4 + 1);
});

it('asks for patience, not for another version, while a version that was told before a crash is made again', async () => {
  await begin(testPlan());
  const policy = { role: 'policy', key: '0' };
  const body = { agent, version: 1, adapterHash: 'a', optimizerHash: 'o', parent: 0, consumedBatches: 2, updates: 2 };
  await laboratory.bus.publish({ id: 'c', run: 'test', from: policy, to: policy, cause: '', traceparent: '', kind: 'candidate', body });
  await laboratory.restart();
  const { served, state } = laboratory.policies;
  await expect(served.ready(state, agent, 1)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(served.ready(state, agent, 2)).rejects.toMatchObject({ code: 'not_found' });
  await batches(1, 2);
  await expect(served.ready(laboratory.state, agent, 1)).resolves.toMatchObject({ source: 1 });
});

it('gives peers a lineage each: the gate asks their one actor, and the run is over when the last of them is', async () => {
  await begin(testPlan({ updates: 2, roles: { executor: { agents: 2 } } }));
  expect(laboratory.tells('released').map((told) => told.agent)).toEqual([
    'executor/0',
    'executor/1',
    'proposer/0',
    'verifier/0',
    'world-model/0',
  ]);
  expect([...laboratory.told.values()].filter(({ kind }) => kind === 'anchorTask').map(({ to }) => `${to.role}/${to.key}`)[1]).toBe(
    'executor/0',
  );
  await batches(1, 2);
  await answer(allPassed);
  expect(of('executor/0').phase).toBe('finished');
  expect(laboratory.tells('released').at(-1)).toMatchObject({ agent: 'executor/0', version: 1, last: true });
  await batches(1, 1, 'proposer/0');
  expect(of('proposer/0').updates).toBe(1);
  expect([weights('executor/0') === weights('executor/1'), of('executor/1').phase]).toEqual([false, 'training']);
  await batches(1, 2, 'executor/1');
  await answer(allPassed);
  expect(laboratory.tells('released').at(-1)).toMatchObject({ agent: 'executor/1', version: 1, last: true });
  await batches(2, 3, 'proposer/0');
  expect(of('proposer/0')).toMatchObject({ phase: 'finished', updates: 1 });
});
