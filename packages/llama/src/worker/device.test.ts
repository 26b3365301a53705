import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeAdapter, sha256, validateAdapter } from '../gguf/adapter-file.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { byteModel } from '../starter/model-file.ts';
import { seconds, temporaryFolder, tinyAdapter, tinySize, writeTinyModel } from '../testing/tiny-model.ts';
import { LocalDevice } from './device.ts';
import type { LossSettings, SampledGroup, TrainGroup, UpdateSettings } from './protocol.ts';

const folder = temporaryFolder();
const device = new LocalDevice(seconds);
const agent = 'run:executor/0';
const loss: LossSettings = { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 };
const update: UpdateSettings = { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 };
const prompts = [
  { text: '37+45=', samples: 4, seed: 1 },
  { text: 'rabc=', samples: 4, seed: 2 },
];

beforeAll(async () => {
  await device.open({ modelPath: writeTinyModel(folder.path), threads: 2 });
  await device.createAgent(agent, tinyAdapter);
});
afterAll(() => {
  device.close();
  folder.dispose();
});

async function sample(version: number, temperature = 1): Promise<readonly SampledGroup[]> {
  return device.generate({ agent, version, prompts, maxTokens: 5, temperature, stop: '\n' });
}

/** Rewards samples whose first token is even. */
function rewarded(groups: readonly SampledGroup[]): readonly TrainGroup[] {
  return groups.map(({ promptTokens, samples }) => ({
    promptTokens,
    samples: samples.map(({ tokens, logProbs }) => ({
      tokens,
      oldLogProbs: logProbs,
      advantages: logProbs.map(() => ((tokens[0] ?? 0) % 2 === 0 ? 1 : -1)),
    })),
  }));
}

async function learn(version: number): Promise<void> {
  await device.train({ agent, groups: rewarded(await sample(version)), normaliser: 20, loss, update });
}

async function release(version: number): Promise<number> {
  const { adapter } = await device.exportAgent(agent);
  return (await device.loadVersion(agent, version, adapter, sha256(adapter))).canaryDifference;
}

describe('the device', () => {
  it('prepends the beginning-of-sequence token and tells text without the stop token', async () => {
    const [group] = await sample(0);
    expect([...(group?.promptTokens ?? [])]).toEqual([256, ...Buffer.from('37+45=')]);
    for (const { tokens, text, stopped } of group?.samples ?? []) {
      expect(stopped).toBe(tokens.at(-1) === 10 || tokens.at(-1) === 257);
      expect(text).toBe(
        Buffer.from(tokens.filter((token, index) => token < 256 && !(stopped && index === tokens.length - 1))).toString('utf8'),
      );
    }
  });

  it("serves what it trained, as stock llama.cpp would, and the sampled log-probs are the trainer's", async () => {
    await learn(0);
    expect(await release(1)).toBeLessThan(1e-4);
    const groups = await sample(1);
    const stats = await device.train({ agent, groups: rewarded(groups), normaliser: 20, loss, update: { ...update, learningRate: 0 } });
    expect(stats.logProbMismatch).toBeLessThan(1e-4);
    expect(stats.tokens).toBe(groups.flatMap((group) => group.samples).reduce((sum, { tokens }) => sum + tokens.length, 0));
    expect(await sample(0)).not.toEqual(groups);
  });

  it('goes on from token ids as if it had never stopped', async () => {
    const ask = { agent, version: 0, maxTokens: 6, temperature: 0, stop: '' };
    const [whole] = await device.generate({ ...ask, prompts: [{ text: '37+45=', samples: 1, seed: 1 }] });
    const said = whole?.samples[0]?.tokens ?? new Int32Array();
    const before = [...(whole?.promptTokens ?? []), ...said.subarray(0, 2)];
    const [rest] = await device.generate({ ...ask, maxTokens: 4, prompts: [{ tokens: before, text: '', samples: 1, seed: 1 }] });
    expect([...(rest?.promptTokens ?? [])]).toEqual(before);
    expect([...(rest?.samples[0]?.tokens ?? [])]).toEqual([...said.subarray(2)]);
    // A text after the tokens is no beginning: it gets no beginning-of-sequence token.
    const [told] = await device.generate({ ...ask, prompts: [{ tokens: before, text: '>82;', samples: 1, seed: 1 }] });
    expect([...(told?.promptTokens ?? [])]).toEqual([...before, ...Buffer.from('>82;')]);
    await expect(device.generate({ ...ask, prompts: [{ tokens: [9999], text: '', samples: 1, seed: 1 }] })).rejects.toThrow(/token 9999/);
  });

  it('ends a sample at further texts, which stay part of it', async () => {
    const ask = { agent, version: 0, maxTokens: 40, temperature: 1, stop: '', prompts: [{ text: '37+45=', samples: 8, seed: 4 }] };
    const [free] = await device.generate(ask);
    const [cut] = await device.generate({ ...ask, alsoStop: ['}'] });
    const close = '}'.charCodeAt(0);
    const lengths = (free?.samples ?? []).map(({ tokens }) => tokens.indexOf(close) + 1 || tokens.length);
    expect(lengths.some((length) => length < 40)).toBe(true);
    expect(cut?.samples.map(({ tokens }) => tokens.length)).toEqual(lengths);
    for (const { tokens, text, stopped } of cut?.samples ?? [])
      if (tokens.at(-1) === close) expect([text.at(-1), stopped]).toEqual(['}', true]);
  });

  it('scores what it sampled', async () => {
    const [group] = await device.score({ agent, version: 1, prompts: [{ text: '37+45=', continuations: ['82\n', 'y', ''] }] });
    expect(group?.samples.map(({ tokens }) => tokens.length)).toEqual([3, 1, 0]);
    const again = await device.score({ agent, version: 1, prompts: [{ text: '37+45=', continuations: ['82\n', 'y', ''] }] });
    expect(again).toEqual([group]);
  });

  it('goes back to files exactly: the same update gives the same weights', async () => {
    const files = await device.exportAgent(agent);
    await learn(1);
    const first = await device.exportAgent(agent);
    expect(first.adapter).not.toEqual(files.adapter);
    await device.restoreAgent(agent, files);
    expect(await device.exportAgent(agent)).toEqual(files);
    await learn(1);
    expect(await device.exportAgent(agent)).toEqual(first);
    await device.createAgent('other', tinyAdapter, first);
    expect(await device.exportAgent('other')).toEqual(first);
    await device.removeAgent('other');
  });

  it('keeps several agents and versions apart', async () => {
    const other = 'run:verifier/0';
    await device.createAgent(other, { rank: 2, alpha: 2, seed: 3 });
    const { adapter } = await device.exportAgent(other);
    expect((await device.loadVersion(other, 1, adapter, sha256(adapter))).canaryDifference).toBeLessThan(1e-4);
    const before = await sample(1);
    // A fresh adapter is the identity: the other agent's version 1 is the base model.
    const [groups, base] = await Promise.all([
      device.generate({ agent: other, version: 1, prompts, maxTokens: 5, temperature: 0, stop: '\n' }),
      sample(0, 0),
    ]);
    expect(groups.map((group) => group.samples.map(({ text }) => text))).toEqual(
      base.map((group) => group.samples.map(({ text }) => text)),
    );
    await learn(1);
    expect(await sample(1)).toEqual(before);
    await device.dropVersion(other, 1);
    await expect(device.generate({ agent: other, version: 1, prompts, maxTokens: 1, temperature: 1, stop: '' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await device.removeAgent(other);
  });

  it('accounts for its work', async () => {
    const report = await device.report();
    expect(report).toMatchObject({
      architecture: 'llama',
      threads: 2,
      model: 'tiny-1.gguf',
      modelHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(report.sampledTokens).toBeGreaterThan(0);
    expect(report.trainedTokens).toBeGreaterThan(0);
    expect(report.nativeSeconds).toBeGreaterThan(0);
    expect(report.laneSeconds).toBeGreaterThanOrEqual(report.nativeSeconds);
    expect(report.laneSeconds).toBeCloseTo(
      Object.values(report.secondsByWork).reduce((sum, value) => sum + value, 0),
      6,
    );
  });
});

describe('the device refuses', () => {
  const text = '1+1=';
  const generate = (change: object) => () =>
    device.generate({ agent, version: 0, prompts, maxTokens: 4, temperature: 1, stop: '\n', ...change });
  const train = (change: object) => () => device.train({ agent, groups: [], normaliser: 1, loss, update, ...change });
  const group = (change: object) => ({
    groups: [
      {
        promptTokens: Int32Array.from([256, 49]),
        samples: [{ tokens: Int32Array.from([50]), oldLogProbs: Float32Array.from([-1]), advantages: Float32Array.from([1]), ...change }],
      },
    ],
  });
  const cases: readonly (readonly [string, () => Promise<unknown>, string, RegExp])[] = [
    ['an unknown version', generate({ version: 99 }), 'not_found', /version 99/],
    ['an unknown agent', generate({ agent: 'nobody', version: 1 }), 'not_found', /"nobody"/],
    ['no tokens', generate({ maxTokens: 0 }), 'invalid_argument', /max_tokens is 0/],
    ['a negative temperature', generate({ temperature: -1 }), 'invalid_argument', /temperature is -1/],
    ['a stop text of two tokens', generate({ stop: 'ab' }), 'invalid_argument', /stop is "ab"/],
    ['no samples', generate({ prompts: [{ text, samples: 0, seed: 1 }] }), 'invalid_argument', /prompts\[0\]\.samples is 0/],
    [
      'a prompt beyond the context',
      generate({ prompts: [{ text: 'x'.repeat(200), samples: 1, seed: 1 }] }),
      'invalid_argument',
      /prompts\[0\]\.text needs 205 tokens/,
    ],
    ['a token outside the vocabulary', train(group({ tokens: Int32Array.from([259]) })), 'invalid_argument', /token 259/],
    [
      'an advantage that is no number',
      train(group({ advantages: Float32Array.from([Number.NaN]) })),
      'invalid_argument',
      /advantages holds/,
    ],
    ['log-probs of another length', train(group({ oldLogProbs: new Float32Array(2) })), 'invalid_argument', /2 values for 1 tokens/],
    ['a mask of another length', train(group({ given: new Uint8Array(2) })), 'invalid_argument', /given has 2 values for 1 tokens/],
    ['a negative weight of a sample', train(group({ weight: -1 })), 'invalid_argument', /samples\[0\]\.weight is -1/],
    [
      'a negative-aware loss without solve rates',
      train({ ...group({}), loss: { kind: 'negative-aware', epsilon: 1, klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } }),
      'invalid_argument',
      /solve_rate is missing/,
    ],
    [
      'a preference loss on a group that is no pair',
      train({ ...group({}), loss: { ...loss, kind: 'preference', beta: 1, smoothing: 0 } }),
      'invalid_argument',
      /one preferred and one other sample/,
    ],
    [
      'a label smoothed beyond one half',
      train({ ...group({}), loss: { ...loss, kind: 'preference', beta: 1, smoothing: 0.6 } }),
      'invalid_argument',
      /smoothing is 0\.6/,
    ],
    [
      'a dual clip below 1',
      train({ ...group({}), loss: { ...loss, kind: 'clipped', clipLow: 0.2, clipHigh: 0.2, dualClip: 0.9 } }),
      'invalid_argument',
      /dual_clip is 0\.9/,
    ],
    ['a normaliser of 0', train({ normaliser: 0 }), 'invalid_argument', /normaliser is 0/],
    ['a negative learning rate', train({ update: { ...update, learningRate: -1 } }), 'invalid_argument', /learningRate is -1/],
    ['an agent that exists', () => device.createAgent(agent, tinyAdapter), 'already_exists', /remove it first/],
    ['rank 0', () => device.createAgent('new', { ...tinyAdapter, rank: 0 }), 'invalid_argument', /rank is 0/],
    ['version 0 as a file', () => device.loadVersion(agent, 0, new Uint8Array(0), ''), 'invalid_argument', /version is 0/],
    ['a file with another hash', () => device.loadVersion(agent, 5, new Uint8Array(9), 'f'.repeat(64)), 'data_loss', /SHA-256/],
    ['a second model', () => device.open({ modelPath: 'x', threads: 1 }), 'failed_precondition', /open already/],
  ];
  it.each(cases)('%s', async (_, call, code, message) => {
    await expect(call()).rejects.toThrow(message);
    await expect(call()).rejects.toMatchObject({ code });
  });

  it('an adapter of another base model', async () => {
    mkdirSync(join(folder.path, 'other'), { recursive: true });
    const stranger = new LocalDevice(seconds);
    await stranger.open({ modelPath: writeTinyModel(join(folder.path, 'other'), 2), threads: 1 });
    await stranger.createAgent(agent, tinyAdapter);
    const { adapter, optimizer } = await stranger.exportAgent(agent);
    stranger.close();
    await expect(device.loadVersion(agent, 6, adapter, sha256(adapter))).rejects.toThrow(/redqueen\.base\.sha256/);
    await expect(device.restoreAgent(agent, { adapter, optimizer })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('files of another rank, and keeps the agent as it was', async () => {
    const before = await device.exportAgent(agent);
    await device.createAgent('small', { rank: 2, alpha: 2, seed: 3 });
    const small = await device.exportAgent('small');
    await device.removeAgent('small');
    await expect(device.restoreAgent(agent, small)).rejects.toThrow(/rank 2/);
    await expect(device.restoreAgent(agent, { ...before, optimizer: small.optimizer })).rejects.toThrow(/optimizer/);
    expect(await device.exportAgent(agent)).toEqual(before);
  });

  it('weights gone wild and a gradient that overflows, and keeps the agent as it was', async () => {
    const { modelHash, architecture } = await device.report();
    const base = { architecture, baseHash: modelHash, matrices: adaptedMatrices(byteModel(tinySize)) };
    const before = await device.exportAgent(agent);
    const { values } = validateAdapter(before.adapter, { ...base, maxRank: 8 });
    const filled = (value: number) => encodeAdapter({ rank: tinyAdapter.rank, alpha: tinyAdapter.alpha, values: values.fill(value) }, base);
    const tooLarge = filled(1e20);
    await expect(device.loadVersion(agent, 7, tooLarge, sha256(tooLarge))).rejects.toThrow(/blk\.0\.attn_q\.weight\.lora_a" holds 1000000/);
    await expect(device.restoreAgent(agent, { ...before, adapter: tooLarge })).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(device.generate({ agent, version: 7, prompts, maxTokens: 1, temperature: 1, stop: '' })).rejects.toMatchObject({
      code: 'not_found',
    });
    const groups = rewarded(await sample(0)).map((group) => ({
      ...group,
      samples: group.samples.map((each) => ({ ...each, advantages: each.advantages.map(() => 3e38) })),
    }));
    const overflowing = device.train({ agent, groups, normaliser: 1e-30, loss, update });
    await expect(overflowing).rejects.toThrow(/gradient is not finite/);
    await expect(overflowing).rejects.toMatchObject({ code: 'failed_precondition' });
    expect(await device.exportAgent(agent)).toEqual(before);
  });

  it('an adapter of another rank than the agent, and other weights under a number that is taken', async () => {
    await device.createAgent('small', { rank: 2, alpha: 2, seed: 3 });
    const small = await device.exportAgent('small');
    await device.loadVersion('small', 1, small.adapter, sha256(small.adapter));
    await device.loadVersion('small', 1, small.adapter, sha256(small.adapter));
    await expect(device.loadVersion(agent, 8, small.adapter, sha256(small.adapter))).rejects.toThrow(/its rank is 2, not 4/);
    await device.createAgent('smaller', { rank: 2, alpha: 2, seed: 4 });
    const other = await device.exportAgent('smaller');
    await expect(device.loadVersion('small', 1, other.adapter, sha256(other.adapter))).rejects.toMatchObject({ code: 'already_exists' });
    await device.removeAgent('small');
    await device.removeAgent('smaller');
  });
});
