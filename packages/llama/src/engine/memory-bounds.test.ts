// What is done to save memory must not change what is computed.
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { prefixTree } from '../model/prefix-tree.ts';
import { headRows } from '../model/head-graph.ts';
import { treeInputs } from '../model/tree-batch.ts';
import { modelShapes } from '../testing/model-shapes.ts';
import { writeRandomModel } from '../testing/random-model.ts';
import { openEngine, randomAgent, randomTokens, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import { requestFor, smoothLoss } from '../testing/train-request.ts';
import type { LossSettings } from '../worker/protocol.ts';
import type { Engine } from './engine.ts';
import { planTrees } from './tree-chunks.ts';
import { totalGradient } from './updater.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const losses: Readonly<Record<string, LossSettings>> = {
  clipped: smoothLoss,
  'sequence-clipped': { ...smoothLoss, kind: 'sequence-clipped', clipLow: 0.99, clipHigh: 50 },
  preference: { kind: 'preference', beta: 0.2, smoothing: 0, klToBase: 0.1, klEstimator: 'k3', entropyBonus: 0.02 },
};

it.each([
  ['clipped', undefined],
  ['clipped', 0],
  ['sequence-clipped', undefined],
  ['preference', undefined],
] as const)(
  'gradients of the %s loss are the same with layers computed again and logits some rows at a time (merging at most %s bytes)',
  async (kind, mergeBytes) => {
    const path = writeTinyModel(folder.path);
    const merging = mergeBytes === undefined ? {} : { mergeBytes };
    const [plain, thrifty] = [merging, { ...merging, activationBytes: 0 }].map((options) => openEngine(path, 1, options)) as [
      Engine,
      Engine,
    ];
    const [one, two] = [randomAgent(plain), randomAgent(thrifty)];
    const request = await requestFor(plain, one, losses[kind] as LossSettings, 12);
    const [expected, found] = [await totalGradient(plain.pool, one, request), await totalGradient(thrifty.pool, two, request)];
    const largest = Math.max(...expected.gradient.map(Math.abs));
    expect(largest).toBeGreaterThan(1e-3);
    for (const [index, value] of found.gradient.entries())
      expect(Math.abs(value - (expected.gradient[index] as number))).toBeLessThan(1e-5 * largest);
    for (const [name, value] of Object.entries(found.sums))
      expect(value, name).toBeCloseTo(expected.sums[name as keyof typeof expected.sums], 4);
  },
);

describe('layers computed again in the backward pass', () => {
  it('take about a quarter of the memory of eight layers', async () => {
    const path = join(folder.path, 'deep.gguf');
    writeRandomModel(path, {
      ...modelShapes['smollm2-135m'],
      layers: 8,
      width: 192,
      heads: 3,
      keyValueHeads: 1,
      feedForward: 512,
      vocabulary: 300,
    });
    const bytes = async (activationBytes: number): Promise<number> => {
      const engine = openEngine(path, 1, { mergeBytes: 0, activationBytes });
      const agent = randomAgent(engine);
      const [chunk] = planTrees([prefixTree(randomTokens(100, 1), [randomTokens(90, 2)])]);
      if (chunk === undefined) throw new Error('no chunk');
      return engine.pool.run('agent', 'train', async (member) => {
        const graph = await member.trainer(chunk.shape, agent.current());
        await graph.forward(await treeInputs(chunk.trees, chunk.shape));
        expect(graph.checkpoints).toBe(activationBytes === 0);
        return member.lane.scratch.bytes;
      });
    };
    expect((await bytes(0)) / (await bytes(1e12))).toBeLessThan(0.35);
  });
});

it('logits of a large vocabulary take 16 MiB at a time, and at least 16 rows', () => {
  expect(headRows(259, 192, 1 << 29)).toBe(192);
  expect(headRows(49_152, 192, 1 << 29)).toBe(80);
  expect(headRows(151_936, 192, 1 << 29)).toBe(16);
  expect(headRows(151_936, 192, 0)).toBe(16);
  expect(headRows(4_000_000, 192, 1 << 29)).toBe(16);
});
