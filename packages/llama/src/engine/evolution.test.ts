import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { groupsNear } from '../testing/groups.ts';
import { openEngine, randomAgent, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import type { LossSettings } from '../worker/protocol.ts';
import { evolvedGradient } from './evolution.ts';
import { addNoise } from './noise.ts';
import { totalGradient, updateAgent } from './updater.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 };
const penalties = { klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } as const;
const clipped: LossSettings = { ...penalties, kind: 'clipped', clipLow: 0.99, clipHigh: 50 };

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, index) => sum + value * (right[index] as number), 0);
}

describe('noise', () => {
  const layout = {
    slots: [
      { name: 'w.lora_a', shape: [3, 2], offset: 0, length: 6 },
      { name: 'w.lora_b', shape: [2, 5001], offset: 6, length: 10_002 },
      { name: 'v.lora_b', shape: [3, 3], offset: 10_008, length: 9 },
    ],
    length: 10_017,
  };

  it('is standard normal in every B and nothing in any A', () => {
    const noise = addNoise(new Float32Array(layout.length), layout, 3, 0, 1);
    expect([...noise.subarray(0, 6)]).toEqual([0, 0, 0, 0, 0, 0]);
    const b = noise.subarray(6);
    expect(b.every((value) => value !== 0)).toBe(true);
    const mean = b.reduce((sum, value) => sum + value, 0) / b.length;
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(Math.abs(dot(b, b) / b.length - 1)).toBeLessThan(0.06);
  });

  it('of a seed and a member is one direction, whatever the scale; of another member another', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(1000), fc.double({ min: 0.01, max: 10, noNaN: true }), (seed, member, scale) => {
        const there = addNoise(new Float32Array(layout.length), layout, seed, member, scale);
        const back = addNoise(there.slice(), layout, seed, member, -scale);
        expect(Math.max(...back.map(Math.abs))).toBeLessThan(1e-5);
        const other = addNoise(new Float32Array(layout.length), layout, seed, member + 1, scale);
        expect(Math.abs(dot(there, other)) / dot(there, there)).toBeLessThan(0.06);
      }),
      { numRuns: 20 },
    );
  });
});

const losses: readonly (readonly [string, LossSettings])[] = [
  ['the clipped surrogate', clipped],
  ['the surrogate with KL to the base model', { ...clipped, klToBase: 0.2 }],
  ['the likelihood', { ...penalties, kind: 'likelihood' }],
  ['the sequence surrogate', { ...penalties, kind: 'sequence-clipped', clipLow: 0.99, clipHigh: 50 }],
];

describe('evolution strategies', () => {
  it.each(losses)('estimate from one pair the slope along its direction: %s', async (_, loss) => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const request = { groups: await groupsNear(engine, agent), normaliser: 20, loss, update };
    const exact = await totalGradient(engine.pool, agent, request);
    const { gradient, sums } = await evolvedGradient(engine, agent, request, { pairs: 1, sigma: 1e-3, seed: 5 });
    const direction = addNoise(new Float32Array(agent.layout.length), agent.layout, 5, 0, 1);
    const slope = dot(exact.gradient, direction);
    expect(Math.abs(slope)).toBeGreaterThan(1e-3);
    expect(dot(gradient, direction) / dot(direction, direction) / slope).toBeCloseTo(1, 1);
    expect(sums.loss).toBeCloseTo(exact.sums.loss, 4);
    expect(sums).toMatchObject({ tokens: exact.sums.tokens });
    expect(Math.abs(sums.divergence - exact.sums.divergence)).toBeLessThan(1e-3);
  });

  it('come nearer to the gradient with every pair', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const request = { groups: await groupsNear(engine, agent), normaliser: 20, loss: clipped, update };
    const exact = (await totalGradient(engine.pool, agent, request)).gradient;
    for (const { name, offset, length } of agent.layout.slots) if (name.endsWith('.lora_a')) exact.fill(0, offset, offset + length);
    const cosine = async (pairs: number): Promise<number> => {
      const { gradient } = await evolvedGradient(engine, agent, request, { pairs, sigma: 1e-3, seed: 9 });
      return dot(gradient, exact) / Math.sqrt(dot(gradient, gradient) * dot(exact, exact));
    };
    const [few, many] = [await cosine(4), await cosine(128)];
    expect(few).toBeGreaterThan(0);
    expect(many).toBeGreaterThan(2 * few);
  });

  it('have the cosine to the gradient that so many random directions of so many dimensions have', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const agent = randomAgent(engine);
    const request = { groups: await groupsNear(engine, agent), normaliser: 20, loss: clipped, update };
    const exact = (await totalGradient(engine.pool, agent, request)).gradient;
    let dimensions = 0;
    for (const { name, offset, length } of agent.layout.slots) {
      if (name.endsWith('.lora_a')) exact.fill(0, offset, offset + length);
      else dimensions += length;
    }
    const pairs = 64;
    const { gradient } = await evolvedGradient(engine, agent, request, { pairs, sigma: 1e-3, seed: 4 });
    const cosine = dot(gradient, exact) / Math.sqrt(dot(gradient, gradient) * dot(exact, exact));
    // Its square is beta-distributed with this mean and, nearly, a relative deviation of √(2 / pairs).
    expect(cosine ** 2 / (pairs / (pairs + dimensions))).toBeGreaterThan(1 - 4 * Math.sqrt(2 / pairs));
    expect(cosine ** 2 / (pairs / (pairs + dimensions))).toBeLessThan(1 + 4 * Math.sqrt(2 / pairs));
  });

  it('lower the loss, are repeatable, and leave a batch without a signal alone', async () => {
    const engine = openEngine(writeTinyModel(folder.path));
    const train = async (): Promise<readonly [number, number, Float32Array]> => {
      const agent = randomAgent(engine);
      const request = { groups: await groupsNear(engine, agent), normaliser: 20, loss: clipped, update };
      const losses: number[] = [];
      for (let seed = 0; seed < 12; seed++) {
        const evolution = { pairs: 8, sigma: 0.01, seed };
        losses.push((await updateAgent(engine, agent, { ...request, evolution })).loss);
      }
      return [losses[0] as number, losses.at(-1) as number, agent.weights];
    };
    const [first, last, weights] = await train();
    expect(last).toBeLessThan(first);
    expect((await train())[2]).toEqual(weights);
    const agent = randomAgent(engine);
    const silent = { groups: [], normaliser: 1, loss: clipped, update };
    expect((await evolvedGradient(engine, agent, silent, { pairs: 2, sigma: 0.1, seed: 1 })).sums.tokens).toBe(0);
  });
});
