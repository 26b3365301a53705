import { randomOf, type Task } from '@redqueen/core';
import { anchorTasks, anchorTransitions, environmentByName, generateIn, readTask, worldModelPrompt } from '@redqueen/environments';
import { checkAnswer, rightAnswer } from '@redqueen/environments/truth';
import type { AnchorTaskInput, FailureClass } from '@redqueen/contract';
import { addresses } from '@redqueen/runtime';
import { bodiesOf, received, recordOf, ScriptedPolicy, tellsOf } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createVerifierActor } from './actor.ts';

const record = recordOf();
const task = generateIn('train', environmentByName('arithmetic'), { family: 'add', level: 1 }, randomOf('test task'));
const right = rightAnswer(task);
const silent = new ScriptedPolicy(() => undefined);
type Answer = readonly [text: string, failure?: FailureClass];
const attemptsMessage = (answers: readonly Answer[], origin = 'proposer', about: Task = task) =>
  received(addresses.verifier, 'attempts', {
    taskId: '2.1.3',
    slotId: '2.1',
    spec: { ...about, origin },
    group: {
      prompt: `${about.canonical}=`,
      promptTokens: [256],
      samples: answers.map(([text, failure = 'FAILURE_CLASS_OK']) => ({ tokens: [1], logProbs: [-1], text, failure })),
      policy: { agent: 'executor/0', version: 1, adapterHash: 'h' },
    },
  });
const rewardsOfTerm = (told: Awaited<ReturnType<typeof tellsOf>>, term: string) =>
  bodiesOf(told, 'rewards').flatMap(({ rewards }) => rewards.filter((reward) => reward.term === term));

describe('verifier actor', () => {
  test('outcome of every attempt that carries reward, learnability of the proposal, Brier of what the model judged', async () => {
    const policy = new ScriptedPolicy(
      () => undefined,
      (prompt) => (prompt === `v${task.canonical}=${right}?` ? 0.8 : 0.4),
    );
    const told = await tellsOf(
      createVerifierActor(record, policy),
      attemptsMessage([
        [right],
        ['1'],
        ['8x', 'FAILURE_CLASS_MALFORMED'],
        [right, 'FAILURE_CLASS_TRUNCATED'],
        ['', 'FAILURE_CLASS_INFRA_ERROR'],
      ]),
    );
    expect(told.map(({ kind }) => kind)).toEqual(['verdicts', 'rewards']);
    expect(bodiesOf(told, 'rewards')[0]).toMatchObject({ episodeId: '2.1.3', teller: 'verifier/0', epoch: 0 });
    expect(rewardsOfTerm(told, 'outcome').map(({ agent, turn, value }) => [agent, turn, value])).toEqual([
      ['executor/0', 0, 1],
      ['executor/0', 1, 0],
      ['executor/0', 2, 0],
      ['executor/0', 3, 0],
    ]);
    expect(rewardsOfTerm(told, 'learnability')).toMatchObject([
      { agent: 'proposer/0', turn: 3, value: 4 * 0.25 * 0.75, evidence: '1 of 4 attempts right' },
    ]);
    const brier = rewardsOfTerm(told, 'brier');
    expect(brier.map(({ agent, turn }) => [agent, turn])).toEqual([
      ['verifier/0', 0],
      ['verifier/0', 1],
    ]);
    expect(brier[0]?.value).toBeCloseTo(1 - 0.2 ** 2, 9);
    expect(brier[1]?.value).toBeCloseTo(1 - 0.4 ** 2, 9);
    expect(brier.map(({ evidence }) => evidence)).toEqual(['o=1 c=0.8000', 'o=0 c=0.4000']);
    const [verdicts] = bodiesOf(told, 'verdicts');
    expect(verdicts?.verdicts.map(({ attempt, label }) => [attempt, label])).toEqual([
      [0, 'y'],
      [1, 'n'],
    ]);
    expect(verdicts?.verdicts[0]?.judgement?.samples.map(({ text }) => text)).toEqual(['y', 'n']);
  });

  test('a drawn task earns the proposer nothing', async () => {
    const told = await tellsOf(createVerifierActor(record, silent), attemptsMessage([[right], ['1']], 'generator'));
    expect(rewardsOfTerm(told, 'learnability')).toEqual([]);
  });

  test('the model is asked about at most three distinct finished answers of a group, whatever their outcome, and never about any other', async () => {
    const answers = fc.array(fc.constantFrom(right, right, '1', '2', '3', '9x'), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(answers, async (texts) => {
        const policy = new ScriptedPolicy(() => undefined);
        const failure = (text: string): FailureClass => (text === '9x' ? 'FAILURE_CLASS_MALFORMED' : 'FAILURE_CLASS_OK');
        const told = await tellsOf(createVerifierActor(record, policy), attemptsMessage(texts.map((text) => [text, failure(text)])));
        const distinct = new Set(texts.filter((text) => text !== '9x'));
        const judged = bodiesOf(told, 'verdicts').flatMap(({ verdicts }) => verdicts.map(({ attempt }) => texts[attempt]));
        expect(judged).toHaveLength(Math.min(3, distinct.size));
        expect(new Set(judged).size).toBe(judged.length);
        for (const text of judged) expect(distinct).toContain(text);
        expect(rewardsOfTerm(told, 'outcome')).toHaveLength(texts.length);
        const shown = policy.scored.flatMap(({ prompts }) => prompts.map(({ text }) => text));
        expect(shown).toEqual(judged.map((text) => `v${task.canonical}=${text}?`));
      }),
      { numRuns: 60 },
    );
  });

  test('what the model is shown does not depend on the outcome: the same answers in another order give the same prompts', async () => {
    const shown = async (order: readonly string[]) => {
      const policy = new ScriptedPolicy(() => undefined);
      await tellsOf(createVerifierActor(record, policy), attemptsMessage(order.map((text) => [text])));
      return policy.scored.flatMap(({ prompts }) => prompts.map(({ text, continuations }) => `${text}${continuations.join('')}`)).sort();
    };
    expect(await shown([right, '1'])).toEqual(await shown(['1', right]));
  });

  test('with a verifier that does not learn no model is asked', async () => {
    const policy = new ScriptedPolicy(() => undefined);
    const still = recordOf({ roles: { verifier: { trains: false } } });
    const told = await tellsOf(createVerifierActor(still, policy), attemptsMessage([[right], ['1']]));
    expect(policy.scored).toEqual([]);
    expect(bodiesOf(told, 'verdicts')[0]?.verdicts).toEqual([]);
  });

  test('a group without any attempt that carries reward earns nobody anything', async () => {
    const told = await tellsOf(createVerifierActor(record, silent), attemptsMessage([['', 'FAILURE_CLASS_TIMEOUT']]));
    expect(bodiesOf(told, 'rewards')[0]?.rewards).toEqual([]);
  });
});

const anchorTask = (agent: string, more: AnchorTaskInput = {}): AnchorTaskInput => ({
  anchorId: 'a1',
  agent,
  version: 3,
  purpose: 'ANCHOR_PURPOSE_GATE',
  perArm: 2,
  sampled: true,
  replyTo: addresses.policy,
  ...more,
});
const stamp = { agent: 'executor/0', version: 3, adapterHash: 'h' };
const resultOf = async (agent: string, items: object[], more: AnchorTaskInput = {}) => {
  const message = received(addresses.verifier, 'anchorAttempts', { anchorId: 'a1', task: anchorTask(agent, more), items, policy: stamp });
  const told = await tellsOf(createVerifierActor(record, silent), message);
  expect(told).toHaveLength(1);
  expect(told[0]?.to).toEqual(addresses.policy);
  return bodiesOf(told, 'anchorResult')[0];
};
const figuresOf = (result: Awaited<ReturnType<typeof resultOf>>) =>
  Object.fromEntries(result?.figures.map(({ name, value, count }) => [name, [Number(value.toFixed(4)), count]]) ?? []);
const ok = 'FAILURE_CLASS_OK' as const;

describe('anchor results', () => {
  test('executor: greedy and sampled accuracy overall, by environment and by family; flags and arms from the greedy answers', async () => {
    const tasks = anchorTasks(record.recipe.environments, 'gate', 1).filter(({ family }) => family !== 'maze');
    const answers = tasks.map((one, index) => [index % 2 === 0 ? rightAnswer(one) : 'x', rightAnswer(one)]);
    const items = tasks.map((one, index) => ({
      spec: { ...one, origin: 'generator' },
      prompt: '',
      answers: answers[index],
      greedy: 1,
      failures: [ok, index === 0 ? 'FAILURE_CLASS_TRUNCATED' : ok],
    }));
    const result = await resultOf('executor/0', items);
    expect(tasks.map(({ family, level }) => `${family}${level}`)).toEqual(['add1', 'add2', 'add3', 'sort1', 'sort2']);
    expect(figuresOf(result)).toEqual({
      greedy: [0.6, 5],
      'greedy.arithmetic': [0.6667, 3],
      'greedy.add': [0.6667, 3],
      'greedy.strings': [0.5, 2],
      'greedy.sort': [0.5, 2],
      sampled: [0.8, 5],
      'sampled.arithmetic': [0.6667, 3],
      'sampled.add': [0.6667, 3],
      'sampled.strings': [1, 2],
      'sampled.sort': [1, 2],
    });
    expect(result?.passed).toEqual([true, false, true, false, true]);
    expect(result?.arms.map(({ family, level, count, passed }) => [family, level, count, passed])).toEqual([
      ['add', 1, 1, 1],
      ['add', 2, 1, 0],
      ['add', 3, 1, 1],
      ['sort', 1, 1, 0],
      ['sort', 2, 1, 1],
    ]);
    expect(result).toMatchObject({ anchorId: 'a1', policy: stamp, task: { version: 3 } });
    expect(result?.anchorsHash).toMatch(/^[0-9a-f]{64}$/);
    const other = await resultOf('executor/0', items.slice(1));
    expect(other?.anchorsHash).not.toBe(result?.anchorsHash);
  });

  test('executor: whether any of several samples is right, and the entropy of what it samples by token, not by task', async () => {
    const tasks = anchorTasks(record.recipe.environments, 'gate', 1).filter(({ family }) => family === 'add');
    const sampled = [
      ['x', 'right'],
      ['x', 'x'],
      ['right', 'right'],
    ];
    const items = tasks.map((one, index) => ({
      spec: { ...one, origin: 'generator' },
      prompt: '',
      answers: ['x', ...(sampled[index] ?? [])].map((answer) => (answer === 'right' ? rightAnswer(one) : answer)),
      greedy: 1,
      failures: [ok, ok, ok],
      surprisal: [6, 1, 2][index],
      sampledTokens: [2, 4, 4][index],
      ...(index < 2 && { toolCalls: [4, 1][index] }),
    }));
    expect(figuresOf(await resultOf('executor/0', items))).toMatchObject({
      greedy: [0, 3],
      sampled: [0.3333, 3],
      pass: [0.6667, 3],
      'pass.add': [0.6667, 3],
      entropy: [0.9, 3],
      'entropy.add': [0.9, 3],
      // Of the two with a tool: 4 / 2 and 1 / 2 calls an answer.
      calls: [1.25, 2],
    });
  });

  test('proposer: the share of proposals that are tasks of their slot, held-out ones too, and of distinct ones among them', async () => {
    const [heldOut] = anchorTasks(record.recipe.environments, 'gate', 1) as [Task];
    const answers = [heldOut.canonical, heldOut.canonical, 'nonsense', '12+3', '12+3'];
    const failures = [ok, ok, ok, ok, 'FAILURE_CLASS_TRUNCATED'];
    const result = await resultOf('proposer/0', [
      { spec: { environment: 'arithmetic', family: 'add', level: 1 }, prompt: 'p+1=', answers, greedy: 0, failures },
      {
        spec: { environment: 'strings', family: 'sort', level: 1 },
        prompt: 'ps1=',
        answers: ['sabc', 'rabc'],
        greedy: 0,
        failures: [ok, ok],
      },
    ]);
    expect(figuresOf(result)).toEqual({
      valid: [0.5714, 7],
      'valid.arithmetic': [0.6, 5],
      'valid.add': [0.6, 5],
      'valid.strings': [0.5, 2],
      'valid.sort': [0.5, 2],
      distinct: [0.75, 4],
    });
    expect(result?.passed).toEqual([true, true, false, true, false, true, false]);
    expect(result?.arms.map(({ family, count, passed }) => [family, count, passed])).toEqual([
      ['add', 5, 3],
      ['sort', 2, 1],
    ]);
  });

  test('world model: fields and exact, greedy and sampled, against steps that the verifier executes itself', async () => {
    const steps = anchorTransitions(record.recipe.environments, 'gate', 3);
    const almost = (outcome: string) => `${outcome.slice(0, 2)}${outcome.endsWith('.') ? 'K' : '.'}`;
    const items = steps.map(({ state, action, outcome }, index) => ({
      prompt: worldModelPrompt(state, action),
      answers: [index === 0 ? outcome : almost(outcome), outcome],
      greedy: 1,
      failures: [ok, index === 2 ? 'FAILURE_CLASS_TRUNCATED' : ok],
    }));
    const result = await resultOf('world-model/0', items);
    expect(figuresOf(result)).toEqual({
      fields: [0.7778, 3],
      'fields.grid': [0.7778, 3],
      exact: [0.3333, 3],
      'exact.grid': [0.3333, 3],
      'sampled-fields': [0.6667, 3],
      'sampled-fields.grid': [0.6667, 3],
      'sampled-exact': [0.6667, 3],
      'sampled-exact.grid': [0.6667, 3],
    });
    expect(result?.passed).toEqual([true, false, false]);
    await expect(resultOf('world-model/0', [{ ...items[0], prompt: 'w?' }])).rejects.toThrow(/not the set's/);
  });

  test('verifier: balanced pairs from the base model’s own answers, judged by the version under test; made once', async () => {
    // The base model is right at every second sample; the judge is sure of what is right and torn about what is wrong.
    const policy = new ScriptedPolicy(
      ({ prompt, index }) => {
        const one = readTask(prompt.slice(0, -1)) as Task;
        return index % 2 === 0 ? rightAnswer(one) : one.environment === 'grid' ? 'u' : '7';
      },
      (prompt) => {
        const [canonical, answer] = prompt.slice(1, -1).split('=') as [string, string];
        return checkAnswer(readTask(canonical) as Task, answer).correct ? 0.9 : 0.5;
      },
    );
    const actor = createVerifierActor(record, policy);
    const ask = (version: number) => received(addresses.verifier, 'anchorTask', anchorTask('verifier/0', { version }));
    const [first, second] = bodiesOf(await tellsOf(actor, ask(5), ask(6)), 'anchorResult');
    const figures = figuresOf(first);
    expect(figures['brier']?.[1]).toBeGreaterThanOrEqual(100);
    expect(figures).toMatchObject({ brier: [0.13, 230], auc: [1, 230], accuracy: [1, 230] });
    expect(first?.passed).toHaveLength(230);
    expect(first?.policy).toMatchObject({ agent: 'verifier/0', version: 5 });
    expect(second?.anchorsHash).toBe(first?.anchorsHash);
    expect(new Set(policy.generated.map(({ version }) => version))).toEqual(new Set([0]));
    expect(
      policy.generated.every(({ prompts }) =>
        prompts.every(({ text }) => environmentByName('arithmetic') && readTask(text.slice(0, -1)) !== undefined),
      ),
    ).toBe(true);
    const asked = policy.generated.length;
    await tellsOf(actor, ask(7));
    expect(policy.generated).toHaveLength(asked);
    const tasks = new Set(anchorTasks(record.recipe.environments, 'gate', 24).map(({ canonical }) => canonical));
    expect(policy.generated.every(({ prompts }) => prompts.every(({ text }) => tasks.has(text.slice(0, -1))))).toBe(true);
  });

  test('anchors of an unknown agent, or without anybody to answer, are refused', async () => {
    await expect(resultOf('critic/0', [])).rejects.toThrow(/critic\/0/);
    await expect(resultOf('executor/0', [], { replyTo: null })).rejects.toThrow(/reply_to/);
  });
});
