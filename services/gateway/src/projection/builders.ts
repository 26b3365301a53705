// Messages for tests, through the wire codec like every message of a real stream.
import { addressOf, decodeMessage, encodeMessage, type Message, type ToldInput } from '@redqueen/contract';
import { resolveRecipe, type Recipe, type RunRecord } from '@redqueen/core';
import { fold, type Projection } from './projection.ts';

/** A small recipe: two families of arithmetic, one of strings, one maze. */
export function testRecipe(patch: unknown = {}): Recipe {
  const role = {
    optimizer: { learningRate: 1e-3 },
    rewards: [{ use: 'outcome', weight: 1 }],
    credit: { use: 'group-normalised' },
    batch: 4,
  };
  const recipe = {
    name: 'test',
    model: 'starter',
    updates: 8,
    environments: [
      { use: 'arithmetic', families: { add: [1, 2], subtract: [1] } },
      { use: 'strings', families: { reverse: [1] } },
    ],
    curriculum: { use: 'uniform' },
    roles: { executor: role, proposer: role, verifier: role, 'world-model': role },
  };
  return resolveRecipe(recipe, patch);
}

/** A running run of the small recipe. */
export function testRecord(change: Partial<RunRecord> = {}): RunRecord {
  return { run: 'r1', recipe: testRecipe(), seed: 1, updates: 8, status: 'running', startedAt: 0, ...change };
}

/** A message from one actor to another. */
export function told(id: string, from: string, to: string, body: ToldInput): Message {
  return decodeMessage(encodeMessage({ id, run: 'r1', from: addressOf(from), to: addressOf(to), cause: '', traceparent: '', ...body }));
}

/** Folds messages in, one every 100 ms of stream time. */
export function foldAll(projection: Projection, messages: readonly Message[]): Projection {
  for (const message of messages) {
    const sequence = projection.sequence + 1;
    fold(projection, { message, sequence, storedAt: 1000 + sequence * 100 });
  }
  return projection;
}

const stamp = (agent: string, version = 0) => ({ agent, version, adapterHash: version === 0 ? '' : `hash${version}` });

/** One whole episode of "add" level 1 with one right and one wrong attempt, and a duplicate of the verifier's rewards. */
export function episodeMessages(task: string, canonical = '1+1'): Message[] {
  const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical, origin: 'proposer' };
  const sample = (text: string) => ({ tokens: [1, 2], logProbs: [-0.5, -0.1], text, failure: 'FAILURE_CLASS_OK' as const });
  const reward = (agent: string, turn: number, term: string, value: number, evidence = '') => ({
    rewardId: `${task}-${agent}-${turn}-${term}`,
    agent,
    role: agent.split('/')[0] ?? '',
    turn,
    term,
    value,
    evidence,
  });
  const proposal = { prompt: 'p+1=', promptTokens: [1], samples: [sample(canonical)], policy: stamp('proposer/0') };
  const group = { prompt: `${canonical}=`, promptTokens: [1], samples: [sample('2'), sample('3')], policy: stamp('executor/0') };
  const judgement = { prompt: `v${canonical}=2?`, promptTokens: [1], samples: [], policy: stamp('verifier/0') };
  const verifierRewards: ToldInput = {
    kind: 'rewards',
    body: {
      episodeId: task,
      teller: 'verifier/0',
      rewards: [
        reward('executor/0', 0, 'outcome', 1, 'right'),
        reward('executor/0', 1, 'outcome', 0, 'wrong'),
        reward('verifier/0', 0, 'brier', 0.91),
      ],
    },
  };
  return [
    told(`${task}-task`, 'proposer/0', 'executor/0', {
      kind: 'task',
      body: { taskId: task, slotId: 's', index: 0, spec, attempts: 2, proposal },
    }),
    told(`${task}-validity`, 'proposer/0', 'reward-aggregator/0', {
      kind: 'rewards',
      body: { episodeId: task, teller: 'proposer/0', rewards: [reward('proposer/0', 0, 'validity', 1)] },
    }),
    told(`${task}-attempts`, 'executor/0', 'verifier/0', { kind: 'attempts', body: { taskId: task, spec, group } }),
    told(`${task}-verdicts`, 'verifier/0', 'reward-aggregator/0', {
      kind: 'verdicts',
      body: { taskId: task, verdicts: [{ attempt: 0, label: 'y', confidence: 0.7, judgement }] },
    }),
    told(`${task}-rewards`, 'verifier/0', 'reward-aggregator/0', verifierRewards),
    told(`${task}-rewards`, 'verifier/0', 'reward-aggregator/0', verifierRewards),
    told(`${task}-settled`, 'reward-aggregator/0', 'curriculum/0', {
      kind: 'settlement',
      body: {
        episodeId: task,
        slotId: 's',
        status: 'SETTLEMENT_STATUS_SETTLED',
        spec,
        attempts: 2,
        solved: 1,
        digest: `d-${task}`,
        index: 1,
        totals: [
          { agent: 'executor/0', totals: [1, 0], advantages: [1, -1], turns: [0, 1] },
          { agent: 'proposer/0', totals: [1], advantages: [], turns: [0] },
          { agent: 'verifier/0', totals: [0.91], advantages: [], turns: [0] },
        ],
      },
    }),
  ];
}
