import { afterAll, describe, expect, it } from 'vitest';
import { openFullTrainer } from '../starter/open-full-trainer.ts';
import { byteModel, initialModel } from '../starter/model-file.ts';
import { byteSequence } from '../starter/byte-vocabulary.ts';
import { fullLayout } from '../model/parameter-layout.ts';
import { groupsNear } from '../testing/groups.ts';
import { derivative, expectSlopes } from '../testing/finite-differences.ts';
import { openEngine, randomAgent, seconds, temporaryFolder, tinySize, writeTinyModel } from '../testing/tiny-model.ts';
import type { LossSettings, TrainGroup } from '../worker/protocol.ts';
import { baseWeights } from './adapter-weights.ts';
import { totalGradient, updateAgent } from './updater.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

function length(values: Float32Array): number {
  return Math.hypot(...values);
}

const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 };
// Bounds far away: finite differences are meaningless across the kinks of the clip.
const loss = { kind: 'clipped' as const, clipLow: 0.99, clipHigh: 50, klToBase: 0.1, klEstimator: 'k3' as const, entropyBonus: 0.05 };

describe('gradients of an adapter', () => {
  it('agree with finite differences for every A and every B', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const request = { groups: await groupsNear(engine, agent), normaliser: 20, loss, update };
    await expectSlopes(engine, agent, request);
  });

  it('descend: some updates lower the loss', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const request = {
      groups: await groupsNear(engine, agent),
      normaliser: 20,
      loss: { ...loss, klToBase: 0, entropyBonus: 0 },
      update,
    };
    const first = await updateAgent(engine, agent, request);
    let last = first;
    for (let step = 0; step < 5; step++) last = await updateAgent(engine, agent, request);
    expect(last.loss).toBeLessThan(first.loss);
    expect(agent.optimizer.step).toBe(6);
  });

  it('skip groups that cannot move anything, and leave the agent alone when all are such', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const before = agent.weights.slice();
    const flat = (await groupsNear(engine, agent)).map((group) => ({
      ...group,
      samples: group.samples.map((sample) => ({ ...sample, advantages: sample.advantages.map(() => 0) })),
    }));
    const stats = await updateAgent(engine, agent, {
      groups: flat,
      normaliser: 20,
      loss: { ...loss, klToBase: 0, entropyBonus: 0 },
      update,
    });
    expect(stats).toMatchObject({ tokens: 0, gradientNorm: 0 });
    expect(agent.weights).toEqual(before);
    expect(agent.optimizer.step).toBe(0);
  });

  it('read given tokens, and count nothing of them', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const groups = await groupsNear(engine, agent);
    const masked = (advantage: number, oldLogProb: number): TrainGroup[] =>
      groups.map((group) => ({
        ...group,
        samples: group.samples.map((sample) => ({
          ...sample,
          given: Uint8Array.from(sample.tokens, (_, position) => (position === 0 ? 1 : 0)),
          advantages: sample.advantages.map((value, position) => (position === 0 ? advantage : value)),
          oldLogProbs: sample.oldLogProbs.map((value, position) => (position === 0 ? oldLogProb : value)),
        })),
      }));
    const [all, one, other] = await Promise.all(
      [groups, masked(7, 0), masked(-3, -5)].map((given) =>
        totalGradient(engine.pool, agent, { groups: given, normaliser: 20, loss, update }),
      ),
    );
    expect(one).toEqual(other);
    expect(all?.sums.tokens).toBe(3 * 11);
    expect(one?.sums.tokens).toBe(3 * 7);
    expect(one?.gradient).not.toEqual(all?.gradient);
  });

  it('are those of GRPO for the negative-aware loss on the policy’s own samples, and those of cloning without wrong ones', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const drawn = await groupsNear(engine, agent);
    const own = await engine.score(
      agent.name,
      agent.current(),
      drawn.map(({ promptTokens, samples }) => ({ prompt: promptTokens, continuations: samples.map(({ tokens }) => tokens) })),
    );
    // One of four is right.
    const solveRate = 0.25;
    const gradientOf = async (kind: LossSettings['kind'], right: number, wrong: number): Promise<Float32Array> => {
      const groups = drawn.map((group, index) => ({
        ...group,
        solveRate,
        samples: group.samples.map(({ tokens }, which) => ({
          tokens,
          oldLogProbs: own[index]?.[which] as Float32Array,
          advantages: new Float32Array(tokens.length).fill(which === 0 ? right : wrong),
        })),
      }));
      const settings = { kind, clipLow: 0.2, clipHigh: 0.28, epsilon: 1, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } as LossSettings;
      return (await totalGradient(engine.pool, agent, { groups, normaliser: 33, loss: settings, update })).gradient;
    };
    const apart = (a: Float32Array, b: Float32Array): number =>
      Math.max(...a.map((value, index) => Math.abs(value - (b[index] as number))));
    const [odds, grpo] = [Math.sqrt(3), [Math.sqrt(3), -Math.sqrt(1 / 3)] as const];
    expect(apart(await gradientOf('negative-aware', odds, -odds), await gradientOf('clipped', ...grpo))).toBeLessThan(1e-6);
    expect(apart(await gradientOf('negative-aware', odds, 0), await gradientOf('likelihood', odds, 0))).toBeLessThan(1e-9);
    expect(length(await gradientOf('clipped', ...grpo))).toBeGreaterThan(0.01);
  });

  it('are those of the weighted likelihood: on the policy’s own samples for GSPO and truncated weights, and for DPO with ±β σ(−Δ) as the weights of a pair', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const drawn = await groupsNear(engine, agent);
    const scoredBy = async (weights: typeof baseWeights) =>
      await engine.score(
        agent.name,
        weights,
        drawn.map(({ promptTokens, samples }) => ({ prompt: promptTokens, continuations: samples.map(({ tokens }) => tokens) })),
      );
    const own = await scoredBy(agent.current());
    const gradientOf = async (
      settings: object,
      advantageOf: (group: number) => number,
      share: (tokens: number) => number,
    ): Promise<Float32Array> => {
      const groups = drawn.map((group, index) => ({
        ...group,
        samples: group.samples.slice(0, 2).map(({ tokens }, which) => ({
          tokens,
          weight: share(tokens.length),
          oldLogProbs: own[index]?.[which] as Float32Array,
          advantages: new Float32Array(tokens.length).fill((which === 0 ? 1 : -1) * advantageOf(index)),
        })),
      }));
      const settled = { klToBase: 0, klEstimator: 'k3', entropyBonus: 0, ...settings } as LossSettings;
      return (await totalGradient(engine.pool, agent, { groups, normaliser: 7, loss: settled, update })).gradient;
    };
    const apart = (a: Float32Array, b: Float32Array): number =>
      Math.max(...a.map((value, index) => Math.abs(value - (b[index] as number))));
    const [one, mean] = [() => 1, (tokens: number) => 1 / tokens];
    const plain = await gradientOf({ kind: 'likelihood' }, one, mean);
    expect(length(plain)).toBeGreaterThan(0.01);
    expect(apart(await gradientOf({ kind: 'sequence-clipped', clipLow: 0.2, clipHigh: 0.2 }, one, mean), plain)).toBeLessThan(1e-5);
    expect(apart(await gradientOf({ kind: 'truncated-importance', cap: 2 }, one, mean), plain)).toBeLessThan(1e-5);
    const base = await scoredBy(baseWeights);
    const gained = (index: number, which: number): number =>
      [...(own[index]?.[which] ?? [])].reduce((sum, value, position) => sum + value - (base[index]?.[which]?.[position] as number), 0);
    const beta = 0.4;
    const doubt = (index: number): number => beta / (1 + Math.exp(beta * (gained(index, 0) - gained(index, 1))));
    const preferred = await gradientOf({ kind: 'preference', beta, smoothing: 0 }, one, one);
    expect(apart(preferred, await gradientOf({ kind: 'likelihood' }, doubt, one))).toBeLessThan(1e-5);
  });

  it('see no KL to the base where the adapter does nothing', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    agent.weights = new Float32Array(agent.layout.length);
    agent.changed();
    const [group] = (await groupsNear(engine, agent)) as [TrainGroup];
    const base = await engine.score('agent', baseWeights, [
      { prompt: group.promptTokens, continuations: group.samples.map((sample) => sample.tokens) },
    ]);
    const samples = group.samples.map((sample, which) => ({
      ...sample,
      oldLogProbs: base[0]?.[which] as Float32Array,
      advantages: sample.advantages.map(() => 0),
    }));
    const { sums } = await totalGradient(engine.pool, agent, {
      groups: [{ ...group, samples }],
      normaliser: 1,
      loss: { ...loss, entropyBonus: 0 },
      update,
    });
    expect(Math.abs(sums.loss)).toBeLessThan(1e-9);
    expect(sums.mismatch).toBeLessThan(1e-5);
  });
});

describe('gradients of all weights', () => {
  it('agree with finite differences for every tensor', async () => {
    const model = byteModel(tinySize);
    const trainer = await openFullTrainer(model, initialModel(model, 3), 1, seconds);
    const lines = ['37+45=82\n', 'rabc=cba\n', 'count'].map((text) => ({
      prompt: byteSequence(text.slice(0, 4)),
      answer: Int32Array.from(Buffer.from(text.slice(4))),
    }));
    const gradient = await trainer.gradient(lines);
    const start = trainer.weights.slice();
    for (const { name, offset, length: count } of fullLayout(model).slots) {
      const slope = gradient.subarray(offset, offset + count);
      const steepness = length(slope);
      const along = async (shift: number): Promise<number> => {
        for (let index = 0; index < count; index++)
          trainer.weights[offset + index] = (start[offset + index] as number) + (shift * (slope[index] as number)) / steepness;
        trainer.changed();
        return (await trainer.evaluate(lines)).loss;
      };
      const expected = await derivative(along, 0.01);
      expect(Math.abs(expected - steepness) / steepness, name).toBeLessThan(1e-3);
      trainer.weights.set(start);
    }
  });

  it('learn a line by heart', async () => {
    const model = byteModel(tinySize);
    const trainer = await openFullTrainer(model, initialModel(model, 3), 2, seconds);
    const lines = [{ prompt: byteSequence('37+45='), answer: Int32Array.from(Buffer.from('82\n')) }];
    for (let step = 0; step < 30; step++) await trainer.update(lines, update);
    expect((await trainer.evaluate(lines)).correct).toEqual([true]);
  });
});
