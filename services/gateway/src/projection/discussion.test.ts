import { expect, test } from 'vitest';
import { conversationOf } from './conversation.ts';
import { told } from './builders.ts';

const sample = (text: string) => ({ tokens: [1], logProbs: [-0.5], text, failure: 'FAILURE_CLASS_OK' as const });
const group = (agent: string, ...texts: string[]) => ({
  prompt: '1+1=',
  promptTokens: [1],
  samples: texts.map(sample),
  policy: { agent, version: 2 },
});
const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical: '1+1', origin: 'generator' };
const reward = (agent: string, turn: number, value: number) => ({
  rewardId: `${agent}-${turn}`,
  agent,
  role: 'executor',
  turn,
  term: 'interaction',
  value,
});

test('a discussion reads solution by solution, with what each act earned', () => {
  const messages = [
    told('task', 'proposer/0', 'executor/0', { kind: 'task', body: { taskId: '1.0.0', slotId: '1.0', index: 0, spec, attempts: 2 } }),
    told('attempts', 'executor/0', 'verifier/0', {
      kind: 'attempts',
      body: {
        taskId: '1.0.0',
        spec,
        group: group('executor/1', '2', '3'),
        acts: [
          { agent: 'executor/0', kind: 'PEER_ACT_KIND_EVALUATION', attempt: 0, group: group('executor/0', '2') },
          { agent: 'executor/2', kind: 'PEER_ACT_KIND_EVALUATION', attempt: 1, group: group('executor/2', '2') },
          { agent: 'executor/2', kind: 'PEER_ACT_KIND_SCORING', attempt: 0, group: group('executor/2', '2'), score: 3 },
          { agent: 'executor/0', kind: 'PEER_ACT_KIND_SCORING', attempt: 1, group: group('executor/0', '?') },
        ],
      },
    }),
    told('rewards', 'verifier/0', 'reward-aggregator/0', {
      kind: 'rewards',
      body: { episodeId: '1.0.0', teller: 'verifier/0', rewards: [reward('executor/2', 4, 0), reward('executor/0', 5, -1)] },
    }),
    told('settled', 'reward-aggregator/0', 'curriculum/0', {
      kind: 'settlement',
      body: { episodeId: '1.0.0', status: 'SETTLEMENT_STATUS_SETTLED', spec, attempts: 2, solved: 1, totals: [] },
    }),
  ];
  const settlement = messages[3]?.kind === 'settlement' ? messages[3].body : undefined;
  const conversation = conversationOf('1.0.0', messages, settlement);
  expect(conversation.turns.map(({ speaker, kind, remark }) => `${speaker} ${kind}: ${remark}`).slice(1)).toEqual([
    'executor/1 attempt: policy v2',
    'executor/1 attempt: policy v2',
    'executor/0 evaluation: evaluation of "2" (attempt 0)',
    'executor/2 scoring: scoring of "2" (attempt 0) · score 3 of 3',
    'executor/2 evaluation: evaluation of "3" (attempt 1)',
    'executor/0 scoring: scoring of "3" (attempt 1) · cannot be read',
  ]);
  expect(conversation.turns.at(-1)?.rewards).toMatchObject([{ term: 'interaction', value: -1 }]);
  expect(conversation.explanation).toMatch(/^Peers endorsed 1 of 2 solutions/);
});
