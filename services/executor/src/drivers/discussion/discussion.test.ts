import type { PeerAct } from '@redqueen/contract';
import { interactionReward, peerTurnNumber, type Task } from '@redqueen/core';
import { environmentByName } from '@redqueen/environments';
import { ScriptedPolicy } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { barely } from '../../contexts.ts';
import { drivers } from '../index.ts';
import { answers } from './answers.ts';
import { castOf } from './cast.ts';

const task = environmentByName('arithmetic').parse('37+4') as Task;
const peers = ['executor/0', 'executor/1', 'executor/2'];
const asked = { run: 'run', agent: 'executor/0', task, attempts: 4, temperature: 1, seed: 9 };
const said = (text: string, readable = true) => ({ text, readable });

/** A discussion of what each agent says; undefined is rambling that never ends. */
async function discussed(says: (agent: string, index: number) => string | undefined, options: object = {}, among = peers) {
  const policy = new ScriptedPolicy(({ agent, index }) => says(agent, index));
  const driver = drivers.create({ use: 'discussion', options: { ...options } }, { context: barely });
  const group = await driver.attempt(asked, policy);
  const { group: after, acts } = (await driver.discuss?.({ ...asked, group, peers: among }, policy)) ?? { group, acts: [] };
  return { group: after, acts, policy };
}
const scores = (acts: readonly PeerAct[]) => acts.filter(({ kind }) => kind === 'PEER_ACT_KIND_SCORING').map(({ score }) => score);

describe('who speaks', () => {
  const pool = fc.integer({ min: 1, max: 8 }).map((count) => Array.from({ length: count }, (_, index) => `executor/${index}`));

  test('the author neither evaluates nor scores itself while there are others, and a third peer scores where there is one', () => {
    fc.assert(
      fc.property(pool, fc.nat(), fc.nat(20), (all, seed, attempt) => {
        const { evaluator, scorer } = castOf(all, 'executor/0', seed, attempt, { evaluation: true, scorer: 'peer' });
        expect(all).toContain(evaluator);
        expect(all).toContain(scorer);
        if (all.length > 1) expect([evaluator, scorer]).not.toContain('executor/0');
        if (all.length > 2) expect(scorer).not.toBe(evaluator);
      }),
    );
  });

  test('each of the others about as often, and the same again with the same seed', () => {
    const drawn = Array.from({ length: 3000 }, (_, attempt) =>
      castOf(peers, 'executor/1', 5, attempt, { evaluation: true, scorer: 'peer' }),
    );
    const share = drawn.filter(({ evaluator }) => evaluator === 'executor/0').length / drawn.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.04);
    expect(castOf(peers, 'executor/1', 5, 0, { evaluation: true, scorer: 'peer' })).toEqual(drawn[0]);
  });
});

describe('a discussion', () => {
  test('every solution is evaluated and scored by others, each act after its own prompt', async () => {
    const { group, acts, policy } = await discussed((agent) => (agent === 'executor/0' ? '41' : '40'));
    expect(acts).toHaveLength(8);
    expect(acts.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    for (const { agent, group: own } of acts) {
      expect(own).toMatchObject({ prompt: '37+4=', policy: { agent } });
      expect(own?.samples).toHaveLength(1);
      expect(agent).not.toBe('executor/0');
    }
    // Scorer and evaluator agree with each other and not with the solution.
    expect(scores(acts)).toEqual([1, 1, 1, 1]);
    expect(group.samples.map(({ failure }) => failure)).toEqual(Array(4).fill('FAILURE_CLASS_OK'));
    // What one agent is asked several times is one prompt with several samples.
    expect(policy.generated.every(({ prompts }) => prompts.length === 1)).toBe(true);
    expect(new Set(policy.generated.slice(1).map(({ prompts }) => prompts[0]?.seed)).size).toBe(policy.generated.length - 1);
  });

  test('an agreeing scorer says 3, a lonely one 2; without evaluation nobody contradicts', async () => {
    expect(scores((await discussed(() => '41')).acts)).toEqual([3, 3, 3, 3]);
    expect(scores((await discussed((agent) => `4${agent.slice(-1)}`)).acts)).toEqual([2, 2, 2, 2]);
    const without = await discussed((agent) => (agent === 'executor/0' ? '41' : '40'), { evaluation: false });
    expect(without.acts.map(({ kind }) => kind)).toEqual(Array(4).fill('PEER_ACT_KIND_SCORING'));
    expect(scores(without.acts)).toEqual([2, 2, 2, 2]);
  });

  test('the author itself scores where the recipe says so', async () => {
    const { acts } = await discussed((agent) => (agent === 'executor/0' ? '41' : '40'), { scorer: 'self' });
    expect(acts.slice(4).map(({ agent }) => agent)).toEqual(Array(4).fill('executor/0'));
    expect(scores(acts)).toEqual([3, 3, 3, 3]);
  });

  // The trap of a third-party fork of CoMAS: its parser falls back to 2, so that the penalty for an unreadable scoring never fires.
  test('a scoring that does not end or cannot be read has no score, and earns −1', async () => {
    for (const garbled of [undefined, '', '1x']) {
      const { acts } = await discussed((agent) => (agent === 'executor/0' ? '41' : garbled));
      expect(scores(acts)).toEqual([undefined, undefined, undefined, undefined]);
      expect(scores(acts).map((score) => interactionReward('scoring', score))).toEqual([-1, -1, -1, -1]);
      expect(interactionReward('solution', undefined)).toBe(0);
      expect(interactionReward('evaluation', undefined)).toBe(0);
    }
  });

  test('an attempt of which an act was void is void, and nothing is told of it', async () => {
    const policy = new ScriptedPolicy(() => '41');
    const driver = drivers.create({ use: 'discussion' }, { context: barely });
    const group = await driver.attempt(asked, policy);
    const cutOff = Object.assign(Object.create(policy) as ScriptedPolicy, {
      generate: async (ask: Parameters<ScriptedPolicy['generate']>[0]) => {
        const [first, ...others] = await policy.generate(ask);
        if (!first || ask.agent !== 'executor/1') return [first, ...others].filter((one) => one !== undefined);
        const samples = first.samples.map((sample) => ({ ...sample, failure: 'FAILURE_CLASS_CANCELLED' as const }));
        return [{ ...first, samples }, ...others];
      },
    });
    const after = await driver.discuss?.({ ...asked, attempts: 4, group, peers }, cutOff);
    expect(after?.group.samples.map(({ failure }) => failure)).toEqual(Array(4).fill('FAILURE_CLASS_CANCELLED'));
    expect(after?.acts).toEqual([]);
  });
});

describe('answers as acts', () => {
  test('golden scores', () => {
    expect(answers.score('41', said('41'), said('41'))).toBe(3);
    expect(answers.score('41', said('41'), said('40'))).toBe(3);
    expect(answers.score('40', said('41'), said('40'))).toBe(1);
    expect(answers.score('42', said('41'), said('40'))).toBe(2);
    expect(answers.score('40', said('41'), said('40', false))).toBe(2);
    expect(answers.score('41', said('41', false), undefined)).toBe(1);
  });

  test('solution and evaluation play a zero-sum game, whoever the scorer sides with', () => {
    for (const score of [1, 2, 3]) expect(interactionReward('solution', score) + interactionReward('evaluation', score)).toBe(1);
    expect([1, 2, 3].map((score) => interactionReward('solution', score))).toEqual([0, 0.5, 1]);
    expect(interactionReward('scoring', 2)).toBe(0);
  });

  test('turns are numbered by what they are, not by who acts', () => {
    expect([peerTurnNumber('solution', 3, 4), peerTurnNumber('evaluation', 0, 4), peerTurnNumber('scoring', 3, 4)]).toEqual([3, 4, 11]);
  });
});
