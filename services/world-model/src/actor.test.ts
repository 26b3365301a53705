import { randomOf } from '@redqueen/core';
import { anchorTransitions, environmentByName, randomStep, splitOfStep, worldModelPrompt, type ExecutedStep } from '@redqueen/environments';
import { addresses } from '@redqueen/runtime';
import { bodiesOf, received, recordOf, ScriptedPolicy, tellsOf } from '@redqueen/testkit';
import { describe, expect, test } from 'vitest';
import { createWorldModelActor } from './actor.ts';

const record = recordOf();
const steps = Array.from(
  { length: 80 },
  (_, seed) => randomStep({ environment: 'grid', family: 'maze', level: 2 }, randomOf(seed, 'step')) as ExecutedStep,
);
const train = steps.filter(({ state, action }) => splitOfStep(state, action) === 'train');
const heldOut = steps.find(({ state, action }) => splitOfStep(state, action) !== 'train') as ExecutedStep;
const transitionsMessage = (transitions: readonly ExecutedStep[], predictions = 4) =>
  received(addresses.worldModel, 'transitions', {
    taskId: '0.0.1',
    environment: 'grid',
    transitions: transitions.map(({ state, action, outcome }) => ({ state, action, outcome, exploration: false })),
    predictions,
    seed: 11,
  });
const outcomes = new Map(steps.map(({ state, action, outcome }) => [worldModelPrompt(state, action), outcome]));

describe('world-model actor', () => {
  test('each prediction earns the share of fields that it got right; one that does not end earns nothing', async () => {
    const [step] = train as [ExecutedStep];
    const [cell, inventory, event] = step.outcome;
    const other = { cell: cell === '8' ? '7' : '8', event: event === '.' ? 'K' : '.' };
    const said = [step.outcome, `${cell}${inventory}${other.event}`, `${other.cell}${inventory}${other.event}`, undefined, 'x'];
    const policy = new ScriptedPolicy(({ index }) => said[index]);
    const told = await tellsOf(createWorldModelActor(record, policy), transitionsMessage([step], 5));
    expect(told.map(({ kind }) => kind)).toEqual(['predictions', 'rewards']);
    const [bundle] = bodiesOf(told, 'rewards');
    expect(bundle).toMatchObject({ episodeId: '0.0.1/w', teller: 'world-model/0', epoch: 0 });
    expect(bundle?.rewards.map(({ value }) => Number(value.toFixed(6)))).toEqual([1, 0.666667, 0.333333, 0, 0]);
    expect(bundle?.rewards[0]).toMatchObject({ agent: 'world-model/0', role: 'world-model', turn: 0, term: 'field-accuracy' });
    expect(policy.generated).toMatchObject([{ agent: 'world-model/0', maxTokens: 4, temperature: 1, prompts: [{ samples: 5 }] }]);
  });

  test('turns count predictions over all transitions, and held-out steps are never predicted for learning', async () => {
    const [first, second] = train as [ExecutedStep, ExecutedStep];
    const policy = new ScriptedPolicy(({ prompt }) => outcomes.get(prompt));
    const told = await tellsOf(createWorldModelActor(record, policy), transitionsMessage([first, heldOut, second]));
    const [predictions] = bodiesOf(told, 'predictions');
    expect(predictions?.transitions.map(({ state }) => state)).toEqual([first.state, second.state]);
    expect(predictions?.groups).toHaveLength(2);
    const rewards = bodiesOf(told, 'rewards').flatMap((bundle) => bundle.rewards);
    expect(rewards.map(({ turn, value }) => [turn, value])).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((turn) => [turn, 1]));
    expect(await tellsOf(createWorldModelActor(record, policy), transitionsMessage([heldOut]))).toEqual([]);
  });

  test('handling transitions again tells the same', async () => {
    const policy = new ScriptedPolicy(({ seed, index }) => String(seed % 9) + String(index % 2) + '.');
    const actor = createWorldModelActor(record, policy);
    expect(await tellsOf(actor, transitionsMessage(train.slice(0, 3)))).toEqual(
      await tellsOf(actor, transitionsMessage(train.slice(0, 3))),
    );
  });

  test('anchors: held-out steps, greedy and sampled, for the version under test', async () => {
    const policy = new ScriptedPolicy(({ temperature }) => (temperature === 0 ? '00.' : '11.'));
    const ask = received(addresses.worldModel, 'anchorTask', {
      anchorId: 'a',
      agent: 'world-model/0',
      version: 4,
      purpose: 'ANCHOR_PURPOSE_REPORT',
      perArm: 2,
      sampled: true,
      replyTo: addresses.gateway,
    });
    const [attempts] = bodiesOf(await tellsOf(createWorldModelActor(record, policy), ask), 'anchorAttempts');
    const set = anchorTransitions(record.recipe.environments, 'report', 20);
    expect(attempts?.items.map(({ prompt }) => prompt)).toEqual(set.map(({ state, action }) => worldModelPrompt(state, action)));
    expect(attempts?.items[0]).toMatchObject({ greedy: 1, answers: ['00.', '11.'] });
    expect(set.every(({ state, action }) => splitOfStep(state, action) === 'report')).toBe(true);
    expect(policy.generated.every(({ version }) => version === 4)).toBe(true);
  });

  test('without an environment that has steps there are no anchors, and no figures', async () => {
    const plain = recordOf({ environments: [{ use: 'strings', families: { sort: [1] } }] });
    const ask = received(addresses.worldModel, 'anchorTask', {
      anchorId: 'a',
      agent: 'world-model/0',
      purpose: 'ANCHOR_PURPOSE_GATE',
      perArm: 2,
      sampled: true,
    });
    const [attempts] = bodiesOf(await tellsOf(createWorldModelActor(plain, new ScriptedPolicy(() => '1')), ask), 'anchorAttempts');
    expect(attempts?.items).toEqual([]);
    expect(environmentByName('strings').name).toBe('strings');
  });
});
