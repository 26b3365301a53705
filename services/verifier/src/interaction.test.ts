import type { PeerAct } from '@redqueen/contract';
import { expect, test } from 'vitest';
import { interactionRewards } from './interaction.ts';

const stamped = (agent: string, ...texts: string[]) => ({
  prompt: '1+1=',
  promptTokens: [1],
  samples: texts.map((text) => ({ tokens: [1], logProbs: [-1], text, failure: 'FAILURE_CLASS_OK' as const, given: [] })),
  policy: { agent, version: 0, adapterHash: '' },
});
const act = (agent: string, kind: PeerAct['kind'], attempt: number, score?: number): PeerAct => ({
  agent,
  kind,
  attempt,
  group: stamped(agent, '2'),
  ...(score !== undefined && { score }),
});

test('every turn of a discussion has its reward, told of the agent that took it', () => {
  const acts = [
    act('executor/1', 'PEER_ACT_KIND_EVALUATION', 0),
    act('executor/2', 'PEER_ACT_KIND_EVALUATION', 1),
    act('executor/2', 'PEER_ACT_KIND_SCORING', 0, 3),
    act('executor/1', 'PEER_ACT_KIND_SCORING', 1),
  ];
  const told = interactionRewards({ group: stamped('executor/0', '2', '3'), acts });
  expect(told.map(({ agent, turn, value }) => [agent, turn, value])).toEqual([
    ['executor/0', 0, 1],
    ['executor/0', 1, 0],
    ['executor/1', 2, 0],
    ['executor/2', 3, 0],
    ['executor/2', 4, 0],
    ['executor/1', 5, -1],
  ]);
  expect(told.every(({ term }) => term === 'interaction')).toBe(true);
});

test('none without a discussion', () => {
  expect(interactionRewards({ group: stamped('executor/0', '2'), acts: [] })).toEqual([]);
});
