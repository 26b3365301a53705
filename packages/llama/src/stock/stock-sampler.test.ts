// The stock path against our own graphs and against itself, on the real llama.cpp.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdapterWeights, baseWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import { LanePool } from '../engine/lane-pool.ts';
import { StopStrings } from '../engine/stop-strings.ts';
import type { TokenConstraint } from '../engine/token-constraint.ts';
import type { TokenSample } from '../engine/sample-draft.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { openEngine, randomAgent, randomTokens, seconds, temporaryFolder, tinySize, writeTinyModel } from '../testing/tiny-model.ts';
import { type StockOptions, StockSampler } from './stock-sampler.ts';

const folder = temporaryFolder();
let engine: Engine;
let weights: AdapterWeights;
const opened: StockSampler[] = [];

beforeAll(() => {
  engine = openEngine(writeTinyModel(folder.path), 2);
  weights = randomAgent(engine).current();
});
afterAll(() => {
  for (const sampler of opened) sampler.close();
  folder.dispose();
});

const sampling = { maxTokens: 12, temperature: 1, stops: new Set([10, 65, 66, 67]) };
const greedy = { maxTokens: 8, temperature: 0, stops: new Set<number>() };
const prompts = [3, 7, 4, 9, 12, 5, 7].map((length, index) => ({ tokens: randomTokens(length, index), samples: 5, seed: 100 + index }));

function samplerWith(options: Partial<StockOptions> = {}, turns = new LanePool([null, null], seconds)): StockSampler {
  const { native, model } = engine;
  const facts = {
    native,
    architecture: 'llama',
    vocabulary: model.vocabulary,
    context: model.context,
    matrices: adaptedMatrices(model),
    cellBytes: 512,
  };
  const sampler = new StockSampler(facts, turns, { threads: 1, now: seconds, ...options });
  opened.push(sampler);
  return sampler;
}

/** Exactly `length` even digits. */
function evenDigits(length: number, disposed: () => void): TokenConstraint {
  let read = 0;
  const allows = (token: number): boolean => token >= 48 && token <= 57 && token % 2 === 0;
  return {
    allows,
    mask(row) {
      for (let token = 0; token < row.length; token++) if (!allows(token)) row[token] = -Infinity;
      return row.filter((logit) => logit > -Infinity).length;
    },
    accept: () => read++,
    get done() {
      return read === length;
    },
    dispose: disposed,
  };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(0, ...Array.from(a, (value, index) => Math.abs(value - (b[index] as number))));
}

function expectAlike(a: readonly (readonly TokenSample[])[], b: readonly (readonly TokenSample[])[]): void {
  expect(a.map((group) => group.map(({ tokens, stopped }) => [...tokens, stopped]))).toEqual(
    b.map((group) => group.map(({ tokens, stopped }) => [...tokens, stopped])),
  );
  for (const [index, group] of a.entries())
    for (const [which, { logProbs }] of group.entries())
      expect(largestDifference(logProbs, b[index]?.[which]?.logProbs ?? [])).toBeLessThan(5e-5);
}

describe('the stock path', () => {
  it.each([
    ['the base model', () => baseWeights],
    ['an adapter', () => weights],
  ])('reports the log-probs that Score gives, with %s', async (_, chosen) => {
    const groups = await samplerWith().sample('a', chosen(), prompts, sampling);
    const scores = await engine.score(
      'a',
      chosen(),
      prompts.map(({ tokens }, index) => ({ prompt: tokens, continuations: (groups[index] ?? []).map((sample) => sample.tokens) })),
    );
    for (const [index, group] of groups.entries()) {
      expect(group).toHaveLength(5);
      for (const [which, sample] of group.entries()) {
        expect(largestDifference(sample.logProbs, scores[index]?.[which] ?? [])).toBeLessThan(1e-4);
        expect(sample.stopped).toBe(sampling.stops.has(sample.tokens.at(-1) as number));
        expect(sample.tokens.subarray(0, -1).some((token) => sampling.stops.has(token))).toBe(false);
        expect(sample.tokens.length === 12 || sample.stopped).toBe(true);
        expect(sample.entropies?.every((entropy) => entropy > 0 && entropy <= Math.log(engine.model.vocabulary))).toBe(true);
      }
    }
  });

  it('chooses greedily and draws at any temperature what our own decoder does', async () => {
    for (const settings of [greedy, sampling, { ...sampling, temperature: 0.7 }])
      expectAlike(await samplerWith().sample('a', weights, prompts, settings), await engine.sample('a', weights, prompts, settings));
  });

  it('gives the same whether prompts are shared or computed for every sample', async () => {
    const [shared] = await samplerWith().sample('a', weights, [{ tokens: randomTokens(40, 3), samples: 6, seed: 9 }], sampling);
    const alone = samplerWith({ cachePrefixes: false });
    const scores = await alone.score(
      'a',
      weights,
      (shared ?? []).map(({ tokens }) => ({ prompt: randomTokens(40, 3), continuations: [tokens] })),
    );
    expect(alone.counts(weights.key)).toMatchObject({ promptTokens: 240, sharedTokens: 0 });
    for (const [which, { logProbs }] of (shared ?? []).entries())
      expect(largestDifference(logProbs, scores[which]?.[0] ?? [])).toBeLessThan(1e-5);
  });

  it('ends at stop strings and keeps to constraints as our own decoder does, and frees every constraint once', async () => {
    const stopStrings = new StopStrings(['ab', 'A', '0'], (token) => (token < 256 ? Uint8Array.of(token) : new Uint8Array(0)));
    const texts = { ...sampling, maxTokens: 20, stopStrings, stops: new Set<number>() };
    expectAlike(await samplerWith().sample('a', weights, prompts, texts), await engine.sample('a', weights, prompts, texts));
    let open = 0;
    const settings = { ...sampling, constrain: () => (open++, evenDigits(6, () => open--)) };
    const groups = await samplerWith().sample('a', weights, prompts, settings);
    expectAlike(groups, await engine.sample('a', weights, prompts, settings));
    expect(
      groups
        .flat()
        .every(
          ({ tokens, end }) =>
            tokens.length === 6 && tokens.every((token) => '02468'.includes(String.fromCharCode(token))) && end.by === 'constraint',
        ),
    ).toBe(true);
    const stop = new AbortController();
    const cancelled = samplerWith().sample('a', weights, prompts, { ...settings, signal: stop.signal });
    stop.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(open).toBe(0);
  });

  it('computes a prompt once a group', async () => {
    const sampler = samplerWith();
    await sampler.sample('a', baseWeights, [{ tokens: randomTokens(40, 3), samples: 8, seed: 9 }], sampling);
    expect(sampler.counts(baseWeights.key)).toMatchObject({ promptTokens: 40 });
  });

  it('gives the same samples whatever else is in the batch', async () => {
    const whole = await samplerWith({ slots: 16 }).sample('a', weights, prompts, sampling);
    const narrow = samplerWith({ slots: 3 });
    for (const [index, prompt] of prompts.entries())
      expectAlike(await narrow.sample('a', weights, [prompt], sampling), [whole[index] as readonly TokenSample[]]);
  });

  it('gives the same with any number of threads, to the last bit', async () => {
    const few = prompts.slice(0, 1);
    const settings = { ...sampling, maxTokens: 3 };
    const two = await samplerWith({ threads: 2, slots: 4 }).sample('a', weights, few, settings);
    expect(two).toEqual(await samplerWith({ threads: 1, slots: 4 }).sample('a', weights, few, settings));
  });

  it('gives other samples to other seeds', async () => {
    const of = async (seed: number) =>
      samplerWith().sample(
        'a',
        weights,
        prompts.map((prompt) => ({ ...prompt, seed })),
        sampling,
      );
    expect((await of(1)).flat().map(({ tokens }) => tokens)).not.toEqual((await of(2)).flat().map(({ tokens }) => tokens));
  });

  it('scores continuations of any length, none included', async () => {
    const prompt = randomTokens(9, 1);
    const continuations = [30, 1, 0, 90, 2, 5, 5, 17, 8, 4, 3].map((length, seed) => randomTokens(length, seed));
    const [ours] = await engine.score('a', weights, [{ prompt, continuations }]);
    const [stock] = await samplerWith().score('a', weights, [{ prompt, continuations }]);
    for (const [which, logProbs] of (stock ?? []).entries()) expect(largestDifference(logProbs, ours?.[which] ?? [])).toBeLessThan(1e-4);
  });

  it('refuses what does not fit the context, naming both lengths', async () => {
    const ask = () =>
      samplerWith().sample('a', baseWeights, [{ tokens: randomTokens(100, 1), samples: 1, seed: 1 }], { ...greedy, maxTokens: 40 });
    expect(ask).toThrow(new RegExp(`prompts\\[0\\] needs 140 tokens .*context is ${tinySize.context}`));
  });

  it('tells that weights give nothing finite, and goes on with others', async () => {
    const sampler = samplerWith();
    const broken = { ...weights, key: 'broken', values: weights.values.map(() => 1e20) };
    await expect(sampler.sample('a', broken, prompts, sampling)).rejects.toMatchObject({ code: 'failed_precondition' });
    expect(await sampler.sample('a', weights, prompts.slice(0, 1), sampling)).toHaveLength(1);
  });
});

describe('slots', () => {
  it('are used again as soon as a sample ends, long before the longest one does', async () => {
    const sampler = samplerWith({ slots: 4 });
    // The length of an answer is forced by the most tokens that it may have.
    const lengths = [60, 3, 5, 8, 2, 30, 4, 7, 20, 6, 3, 9];
    await Promise.all(
      lengths.map((maxTokens, index) =>
        sampler.sample('a', baseWeights, [{ tokens: randomTokens(4, index), samples: 1, seed: index }], {
          maxTokens,
          temperature: 1,
          stops: new Set(),
        }),
      ),
    );
    const total = lengths.reduce((sum, length) => sum + length - 1, 0);
    // Without refill: the longest of every four one after another.
    const drained = [60, 30, 20].reduce((sum, length) => sum + length - 1, 0);
    expect(sampler.counts(baseWeights.key)).toMatchObject({ stepTokens: total });
    expect(sampler.counts(baseWeights.key)?.steps).toBe(59);
    expect(drained).toBeGreaterThan(100);
  });

  it('of a cancelled request are free for the next one, and so are its cells', async () => {
    // Cells for one long request only.
    const sampler = samplerWith({ slots: 2, cacheBytes: 512 * 512 });
    const stop = new AbortController();
    const long = { maxTokens: 120, temperature: 1, stops: new Set<number>() };
    const turns = Array.from({ length: 40 }, (_, seed) => ({ tokens: randomTokens(6, seed), samples: 2, seed }));
    const cancelled = sampler.sample('a', baseWeights, turns, { ...long, signal: stop.signal });
    const other = sampler.sample('b', baseWeights, turns.slice(0, 2), { ...long, maxTokens: 3 });
    await other;
    stop.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    const before = sampler.counts(baseWeights.key)?.stepTokens ?? 0;
    const [group] = await sampler.sample('a', baseWeights, turns.slice(0, 1), long);
    expect(group?.map(({ tokens }) => tokens.length)).toEqual([120, 120]);
    // A step that was under way when the signal came may have ended after it.
    expect((sampler.counts(baseWeights.key)?.stepTokens ?? 0) - before).toBeLessThanOrEqual(2 * 119 + 2);
    expect(sampler.running(baseWeights.key)).toBe(0);
  });

  it('are not given to a request that was cancelled before it began', async () => {
    await expect(samplerWith().sample('a', baseWeights, prompts, { ...sampling, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('never take more cells than there are, however many samples are asked for', async () => {
    const small = samplerWith({ slots: 16, cacheBytes: 512 * 512 });
    const many = Array.from({ length: 5 }, (_, seed) => ({ tokens: randomTokens(20 + seed, seed), samples: 10, seed }));
    const settings = { maxTokens: 50, temperature: 1, stops: new Set([1, 2, 3]) };
    expectAlike(await small.sample('a', weights, many, settings), await samplerWith().sample('a', weights, many, settings));
  });
});

it('a context that is too small for what waits is emptied and replaced, and nobody is forgotten', async () => {
  const sampler = samplerWith({ slots: 4 });
  const small = [{ tokens: randomTokens(4, 1), samples: 1, seed: 1 }];
  const first = sampler.sample('a', baseWeights, small, { ...sampling, maxTokens: 40 });
  // The first one's turn has begun with a context of its own size when the others come.
  await new Promise(setImmediate);
  const large = Array.from({ length: 12 }, (_, seed) => ({ tokens: randomTokens(70, seed + 2), samples: 4, seed }));
  const rest = await Promise.all(large.map((prompt) => sampler.sample('b', baseWeights, [prompt], { ...sampling, maxTokens: 40 })));
  const alone = samplerWith({ slots: 4 });
  expectAlike(await first, await alone.sample('a', baseWeights, small, { ...sampling, maxTokens: 40 }));
  expectAlike(rest.flat(), await alone.sample('b', baseWeights, large, { ...sampling, maxTokens: 40 }));
});

describe('the prefix cache', () => {
  const system = randomTokens(50, 77);
  const questions = [1, 2, 3, 4].map((seed) => ({
    tokens: Int32Array.from([...system, ...randomTokens(5 + seed, seed)]),
    samples: 3,
    seed,
  }));

  it('computes a common beginning once, within a request and between requests, and changes nothing', async () => {
    const cached = samplerWith();
    const plain = samplerWith({ cachePrefixes: false });
    const first = await cached.sample('a', weights, questions, sampling);
    expectAlike(first, await plain.sample('a', weights, questions, sampling));
    const tails = 6 + 7 + 8 + 9;
    expect(cached.counts(weights.key)).toMatchObject({ promptTokens: 50 + tails, sharedTokens: 150 });
    expect(plain.counts(weights.key)).toMatchObject({ promptTokens: 200 + tails, sharedTokens: 0 });
    expectAlike(await cached.sample('b', weights, questions, sampling), first);
    // Only the last token of a known prompt is computed again, for its logits.
    expect(cached.counts(weights.key)).toMatchObject({ promptTokens: 50 + tails + 4 });
  });

  it('never crosses versions', async () => {
    const sampler = samplerWith();
    await sampler.sample('a', baseWeights, questions, sampling);
    const after = await sampler.sample('a', weights, questions, sampling);
    expect(sampler.counts(weights.key)).toMatchObject({ sharedTokens: 150 });
    expectAlike(after, await samplerWith({ cachePrefixes: false }).sample('a', weights, questions, sampling));
  });

  it('is bounded: old prompts go when cells are needed', async () => {
    const sampler = samplerWith({ slots: 2, cacheBytes: 512 * 512 });
    for (let seed = 0; seed < 10; seed++) {
      const [group] = await sampler.sample('a', baseWeights, [{ tokens: randomTokens(90, seed), samples: 2, seed }], {
        ...sampling,
        maxTokens: 8,
      });
      expect(group).toHaveLength(2);
    }
  });
});

describe('versions', () => {
  it('are kept apart, and the least recently used context goes to the next one', async () => {
    const sampler = samplerWith({ contexts: 2 });
    const versions = [1, 2, 3, 4].map((seed) => randomAgent(engine, `agent ${seed}`, seed).current());
    const ask = async (version: AdapterWeights) => sampler.sample('a', version, prompts, sampling);
    const first = [];
    for (const version of versions) first.push(await ask(version));
    expect(sampler.versions).toEqual([versions[2]?.key, versions[3]?.key]);
    for (const [index, version] of versions.entries()) expectAlike(await ask(version), first[index] ?? []);
    expect(new Set(first.map((groups) => JSON.stringify(groups.map((group) => group.map(({ tokens }) => [...tokens]))))).size).toBe(4);
  });

  it('all get their turn, more of them at once than there are contexts', async () => {
    const sampler = samplerWith({ contexts: 2 });
    const versions = [1, 2, 3, 4, 5].map((seed) => randomAgent(engine, `agent ${seed}`, seed).current());
    const together = await Promise.all(versions.map((version) => sampler.sample('a', version, prompts, sampling)));
    for (const [index, version] of versions.entries())
      expectAlike(await samplerWith().sample('a', version, prompts, sampling), together[index] ?? []);
  });

  it('yield the device at turns: a short request does not wait for the end of a long one', async () => {
    const pool = new LanePool([null, null], seconds);
    const sampler = samplerWith({ slots: 2 }, pool);
    const ends: string[] = [];
    const ask = async (name: string, version: AdapterWeights, samples: number, maxTokens: number) => {
      await sampler.sample(name, version, [{ tokens: randomTokens(5, 1), samples, seed: 1 }], {
        maxTokens,
        temperature: 1,
        stops: new Set(),
      });
      ends.push(name);
    };
    const long = ask('long', baseWeights, 16, 100);
    const lane = pool.run('trainer', 'train', async () => ends.push('train'));
    await Promise.all([long, lane, ask('short', weights, 2, 10)]);
    expect(ends).toEqual(['train', 'short', 'long']);
  });
});
