import {
  addressText,
  decodeMessage,
  encodeMessage,
  type BatchInput,
  type Message,
  type MessageInput,
  type SettlementInput,
} from '@redqueen/contract';
import { derivedId, hash, randomOf } from '@redqueen/core';
import { environmentByName, generateIn, proposerPrompt, readTask, verifierPrompt } from '@redqueen/environments';
import { checkAnswer, rightAnswer } from '@redqueen/environments/truth';
import { addresses, agents, type PoolActor, type Tell } from '@redqueen/runtime';
import { contextOf, recordOf, ScriptedPolicy, type Turn } from '@redqueen/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCurriculumActor, runPlan } from '../../services/curriculum/src/actor.ts';
import { createExecutorActor } from '../../services/executor/src/actor.ts';
import { createProposerActor } from '../../services/proposer/src/actor.ts';
import { fold } from '../../services/reward-aggregator/src/fold/fold.ts';
import { initialState } from '../../services/reward-aggregator/src/fold/state.ts';
import type { Refusal } from '../../services/reward-aggregator/src/fold/work.ts';
import { rulesOf } from '../../services/reward-aggregator/src/rules.ts';
import { createVerifierActor } from '../../services/verifier/src/actor.ts';
import { createWorldModelActor } from '../../services/world-model/src/actor.ts';

// The real actors of all roles over the real environments; only the policy's words are scripted. What they tell must be what the aggregator expects.

const learning = (rewards: object[], credit: string, batch: number) => ({ rewards, credit: { use: credit }, batch });
const record = recordOf({
  maxStaleness: 1,
  roles: {
    executor: { batch: 16, updatesPerVersion: 2 },
    proposer: learning(
      [
        { use: 'validity', weight: 0.3 },
        { use: 'learnability', weight: 0.7 },
        { use: 'repetition', weight: -0.5 },
      ],
      'group-mean-batch-deviation',
      16,
    ),
    verifier: learning([{ use: 'brier', weight: 1 }], 'expected-pairwise', 8),
    'world-model': learning([{ use: 'field-accuracy', weight: 1 }], 'group-normalised', 6),
  },
});
const arms = record.recipe.environments.flatMap(({ use, families }) =>
  Object.entries(families).flatMap(([family, levels]) => levels.map((level) => ({ environment: environmentByName(use), family, level }))),
);

function propose({ prompt, seed, index }: Turn): string | undefined {
  const arm = arms.find(({ environment, family, level }) => proposerPrompt(environment.name, family, level) === prompt);
  const random = randomOf('proposal', prompt, seed, index);
  if (!arm || random.uniform() < 0.2) return 'garbage';
  if (random.uniform() < 0.1) return undefined;
  return arm.environment.generate(arm.family, arm.level, random).canonical;
}

function answer({ prompt, seed, index }: Turn): string | undefined {
  const random = randomOf('answer', prompt, seed, index);
  const task = readTask(prompt.slice(0, -1));
  if (!task || random.uniform() < 0.05) return undefined;
  const other = generateIn('train', environmentByName(task.environment), task, random);
  return rightAnswer(random.uniform() < 0.5 ? task : other);
}

function speak(turn: Turn): string | undefined {
  if (turn.agent === agents.proposer) return propose(turn);
  if (turn.agent === agents.executor) return answer(turn);
  return randomOf('prediction', turn.prompt, turn.seed, turn.index).uniform() < 0.5 ? '40.' : '41K';
}

/** Everything that one run of the loop left behind. */
interface Loop {
  readonly stream: readonly Message[];
  readonly settlements: readonly SettlementInput[];
  readonly batches: readonly BatchInput[];
  readonly refusals: readonly Refusal[];
  readonly state: ReturnType<typeof initialState>;
}

async function loop(messages: number): Promise<Loop> {
  const policy = new ScriptedPolicy(speak, (prompt) => 0.05 + (Number.parseInt(hash(prompt).slice(0, 4), 16) / 0xffff) * 0.9);
  const create = [createProposerActor, createExecutorActor, createVerifierActor, createWorldModelActor];
  const pools = new Map<string, PoolActor>(create.map((one) => one(record, policy)).map((actor) => [addressText(actor.address), actor]));
  const curriculum = createCurriculumActor(runPlan(record));
  const rules = rulesOf(record);
  let believed = curriculum.initial();
  let state = initialState();
  const stream: Message[] = [];
  const settlements: SettlementInput[] = [];
  const batches: BatchInput[] = [];
  const refusals: Refusal[] = [];

  const tell = (from: Message['from'], cause: Message, tells: readonly Tell[]): void => {
    for (const [index, one] of tells.entries()) {
      const envelope = { id: derivedId(cause.id, addressText(from), index), run: record.run, from, cause: cause.id, traceparent: '' };
      stream.push(decodeMessage(encodeMessage({ ...envelope, ...one } as MessageInput)));
    }
  };
  const first = decodeMessage(
    encodeMessage({
      id: 'start',
      run: record.run,
      from: addresses.gateway,
      to: addresses.curriculum,
      cause: '',
      traceparent: '',
      kind: 'control',
      body: { command: 'start' },
    }),
  );
  const release = (version: number): Tell[] =>
    Object.values(agents).map((agent) => ({
      to: addresses.curriculum,
      kind: 'released',
      body: { agent, version, adapterHash: version === 0 ? '' : `hash-${version}`, reason: version === 0 ? 'start' : 'gate' },
    }));
  stream.push(first);
  tell(addresses.policy, first, [...release(0), ...release(1)]);

  for (let place = 0; place < stream.length && place < messages; place++) {
    const message = stream[place] as Message;
    const folded = fold(rules, state, message);
    state = folded.state;
    refusals.push(...folded.refusals);
    tell(addresses.rewardAggregator, message, folded.tells);
    for (const one of folded.tells) {
      if (one.kind === 'settlement') settlements.push(one.body);
      if (one.kind === 'batch') batches.push(one.body);
    }
    const actor = pools.get(addressText(message.to));
    if (actor) tell(actor.address, message, await actor.receive(message, contextOf(actor.address, message)));
    if (addressText(message.to) === 'curriculum/0') {
      const effects = await curriculum.receive(believed, message, contextOf(addresses.curriculum, message));
      believed = effects.state;
      tell(addresses.curriculum, message, effects.tells);
    }
  }
  return { stream, settlements, batches, refusals, state };
}

describe('the loop of real actors', () => {
  let done: Loop;
  beforeAll(async () => {
    done = await loop(3000);
  });

  it('settles every episode that its capacity allows, refuses nothing and leaves nothing open', () => {
    const { settlements, refusals, state, stream } = done;
    expect(stream.length).toBeLessThan(3000);
    expect(refusals).toEqual([]);
    expect([...state.episodes.keys()]).toEqual([]);
    expect([...state.slots.keys()]).toEqual([]);
    const voided = settlements.filter(({ status }) => status === 'SETTLEMENT_STATUS_VOID');
    expect(new Set(voided.map(({ reason }) => reason))).toEqual(new Set(['held-out']));
    const tasks = settlements.filter(({ episodeId }) => /^\d+\.\d+\.\d+$/.test(episodeId ?? ''));
    expect(tasks.length).toBe(3 * 16 * 2);
    expect(state.rewards).toMatchObject({ duplicates: 0, late: 0, refused: 0, voided: 0 });
  });

  it('makes batches for all four agents', () => {
    const numbers = (agent: string) => done.batches.filter((batch) => batch.agent === agent).map(({ number }) => number);
    for (const agent of Object.values(agents)) {
      const own = numbers(agent);
      expect(own.length).toBeGreaterThan(1);
      expect(own).toEqual(own.map((_, index) => index + 1));
    }
    expect(numbers(agents.executor)).toHaveLength(6);
    for (const batch of done.batches) expect([batch.stale, batch.refused]).toEqual([0, 0]);
  });

  it('the executor’s advantages rise with the truth, the verifier’s right label is the truth’s', () => {
    const texts = (tokens: readonly number[] | undefined) =>
      Buffer.from((tokens ?? []).filter((token) => token < 256 && token !== 10)).toString();
    let compared = 0;
    for (const { groups = [] } of done.batches.filter(({ agent }) => agent === agents.executor)) {
      for (const group of groups) {
        const task = readTask(texts(group.promptTokens).slice(0, -1));
        for (const sample of group.samples ?? []) {
          const right = sample.tokens?.at(-1) === 10 && task !== undefined && checkAnswer(task, texts(sample.tokens)).correct;
          expect(Math.sign(Number(sample.advantages?.[0]))).toBe(right ? 1 : -1);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(100);
    for (const { groups = [] } of done.batches.filter(({ agent }) => agent === agents.verifier)) {
      for (const group of groups) {
        const prompt = texts(group.promptTokens);
        const [canonical = '', said = ''] = prompt.slice(1, -1).split('=');
        const task = readTask(canonical);
        expect(task && verifierPrompt(task, said)).toBe(prompt);
        const right = task !== undefined && checkAnswer(task, said).correct;
        expect(group.samples?.map((sample) => texts(sample.tokens))).toEqual(['y', 'n']);
        expect(Math.sign(Number(group.samples?.[0]?.advantages?.[0]))).toBe(right ? 1 : -1);
      }
    }
  });

  it('gives the same bits again', async () => {
    const again = await loop(3000);
    expect(again.state.chain).toEqual(done.state.chain);
    expect(again.batches).toEqual(done.batches);
  });
});
