import { expect, it } from 'vitest';
import { learningRateOf } from '../lineage/schedule.ts';
import { emptyState, type PolicyState } from '../lineage/state.ts';
import { started } from '../lineage/inputs.ts';
import { testPlan } from '../testing/plan.ts';
import { batchOf as batch, requestOf } from './test-support.ts';

const plan = testPlan({
  roles: { executor: { optimizer: { klToBase: 0.01, entropyBonus: 0.001, weightDecay: 0.1, maxGradientNorm: 2 } } },
});
const settings = plan.recipe.roles.executor.optimizer;

it('maps a batch to one update: tokens, clip range, penalties, AdamW', () => {
  const request = requestOf('grpo', batch([1, -1]), settings, 5e-4);
  expect(request).toEqual({
    groups: [
      {
        promptTokens: Int32Array.of(256, 1),
        samples: [1, -1].map((advantage) => ({
          tokens: Int32Array.of(5, 10),
          oldLogProbs: Float32Array.of(-0.25, -0.5),
          advantages: Float32Array.of(advantage, advantage),
        })),
      },
    ],
    normaliser: 8,
    loss: { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, klToBase: 0.01, klEstimator: 'k3', entropyBonus: 0.001 },
    update: { learningRate: 5e-4, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, maxGradientNorm: 2 },
  });
});

it('cuts advantages beyond five batch deviations in REINFORCE++, and leaves the others alone', () => {
  const request = requestOf('reinforce-plus-plus', batch([7, -9, 2]), settings, 1e-3);
  expect(request.groups[0]?.samples.map(({ advantages }) => [...advantages])).toEqual([
    [5, 5],
    [-5, -5],
    [2, 2],
  ]);
  expect({ ...request, groups: [] }).toEqual({ ...requestOf('grpo', batch([7, -9, 2]), settings, 1e-3), groups: [] });
});

it('carries what a group says of itself: its solve rate, its own clip, and tokens that were given', () => {
  const samples = [{ tokens: [5, 10], oldLogProbs: [0, -0.5], advantages: [0, 1], given: [true, false] }];
  const groups = [{ episodeId: 'e', promptTokens: [1], samples, version: 0, solveRate: 0, clipHigh: 0.4 }];
  const [group] = requestOf('grpo', batch([], { groups }), settings, 1).groups;
  expect(group).toMatchObject({ solveRate: 0, clipHigh: 0.4 });
  expect(group?.samples[0]?.given).toEqual(Uint8Array.of(1, 0));
  expect(requestOf('grpo', batch([1]), settings, 1).groups[0]).not.toHaveProperty('clipHigh');
});

it('averages over tokens, or over samples whatever their length', () => {
  const sample = (length: number, given: boolean[] = []) => ({
    tokens: Array.from({ length }, () => 7),
    oldLogProbs: Array.from({ length }, () => -1),
    advantages: Array.from({ length }, () => 1),
    given,
  });
  const groups = [{ episodeId: 'e', promptTokens: [1], samples: [sample(2), sample(4), sample(4, [false, true, true, false])] }];
  const bySample = requestOf('grpo', batch([], { groups, normaliser: 8 }), { ...settings, aggregation: 'sequence-mean' }, 1);
  expect(bySample.normaliser).toBe(3);
  expect(bySample.groups[0]?.samples.map(({ weight }) => weight)).toEqual([0.5, 0.25, 0.5]);
  const byToken = requestOf('grpo', batch([], { groups, normaliser: 8 }), settings, 1);
  expect(byToken.normaliser).toBe(8);
  expect(byToken.groups[0]?.samples.map(({ weight }) => weight)).toEqual([undefined, undefined, undefined]);
});

it('refuses batches that do not fit together, naming the batch and the episode', () => {
  const faulty = batch([1]);
  const sample = { ...faulty.groups[0]?.samples[0], oldLogProbs: [-1] };
  expect(() =>
    requestOf('grpo', batch([1], { groups: [{ episodeId: 'e7', promptTokens: [1], samples: [sample], version: 0 }] }), settings, 1),
  ).toThrow('batch 3 of executor/0: episode e7 has 2 tokens, 1 log-probs and 2 advantages; they must be equally many');
  expect(() => requestOf('grpo', batch([Number.NaN]), settings, 1)).toThrow('not finite');
  expect(() => requestOf('grpo', batch([1], { normaliser: 0 }), settings, 1)).toThrow('normaliser 0 must be positive');
});

it('lets the learning rate fall linearly with the executor’s updates, for every agent, or with the sampled tokens where those end the run', () => {
  const rate = (made: number, tokens: number, limit?: number): number => {
    const limited = testPlan({ updates: 100, ...(limit && { maxSampledTokens: limit }) });
    const { state } = started(limited, emptyState);
    const now: PolicyState = {
      ...state,
      sampledTokens: tokens,
      agents: state.agents.map((agent) => ({ ...agent, updates: agent.role === 'executor' ? made : 999 })),
    };
    return learningRateOf(limited, now, now.agents[1] ?? now.agents[0]!);
  };
  expect(rate(0, 0)).toBeCloseTo(0.01, 12);
  expect(rate(50, 0)).toBeCloseTo(0.0055, 12);
  expect(rate(100, 0)).toBeCloseTo(0.001, 12);
  expect(rate(300, 0)).toBeCloseTo(0.001, 12);
  expect(rate(0, 500, 1000)).toBeCloseTo(0.0055, 12);
});
