// Constrained sampling with the real sampler of llama.cpp, over a model that knows nothing of JSON.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseWeights } from '../engine/adapter-weights.ts';
import type { Engine } from '../engine/engine.ts';
import type { TokenSample } from '../engine/sample-draft.ts';
import { Vocabulary } from '../ffi/vocabulary.ts';
import { byteTokens } from '../starter/byte-vocabulary.ts';
import { fits, randomSchema } from '../testing/random-schema.ts';
import { openEngine, randomTokens, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import { Grammars } from './grammar.ts';
import { schemaToGbnf } from './json-schema.ts';

const folder = temporaryFolder();
let engine: Engine;
let grammars: Grammars;

beforeAll(() => {
  engine = openEngine(writeTinyModel(folder.path));
  grammars = new Grammars(new Vocabulary(engine.native));
});
afterAll(() => folder.dispose());

const prompt = { tokens: randomTokens(5, 3), samples: 8, seed: 11 };

async function sample(gbnf: string, settings: { temperature?: number; maxTokens?: number; seed?: number; samples?: number } = {}) {
  const { temperature = 1, maxTokens = 120, seed = prompt.seed, samples = prompt.samples } = settings;
  const grammar = grammars.compile(gbnf);
  const wanted = { maxTokens, temperature, stops: grammars.vocabulary.ends, constrain: () => grammar.constraint() };
  const [group] = await engine.sample('agent', baseWeights, [{ ...prompt, seed, samples }], wanted);
  grammar.dispose();
  return group as readonly TokenSample[];
}

const textOf = ({ tokens }: TokenSample): string => Buffer.concat(Array.from(tokens, grammars.vocabulary.piece)).toString('utf8');

describe('samples under a grammar', () => {
  it('parse and fulfil the schema whenever they ended by themselves', async () => {
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(randomSchema, fc.nat(), async (schema, seed) => {
        for (const each of await sample(schemaToGbnf(JSON.stringify(schema)), { seed, samples: 4 })) {
          expect(each.end.by).not.toBe('dead-end');
          if (!each.stopped) continue;
          ended++;
          const value: unknown = JSON.parse(textOf(each));
          expect([fits(value, schema), textOf(each), schema]).toEqual([true, textOf(each), schema]);
        }
      }),
      { numRuns: 40 },
    );
    expect(ended).toBeGreaterThan(10);
  });

  it('are the same for the same seed, and greedy ones are alike', async () => {
    const gbnf = 'root ::= ([a-c]{2} | "é" | [x-z])+ "."';
    const [first, second] = [await sample(gbnf), await sample(gbnf)];
    expect(second).toEqual(first);
    expect(new Set(first.map(textOf)).size).toBeGreaterThan(1);
    const [greedy, ...others] = await sample(gbnf, { temperature: 0 });
    for (const other of others) expect(other).toEqual(greedy);
  });

  it("come from the model's distribution restricted to what is allowed, with log-probs of the whole one", async () => {
    const [free] = await engine.score('agent', baseWeights, [
      { prompt: prompt.tokens, continuations: [97, 98, 99].map((token) => Int32Array.of(token)) },
    ]);
    const logProbs = (free as readonly Float32Array[]).map(([logProb]) => logProb as number);
    const total = logProbs.reduce((sum, logProb) => sum + Math.exp(logProb), 0);
    const samples = await sample('root ::= [a-c] "."', { samples: 256 });
    const counts = [0, 0, 0];
    for (const { tokens, logProbs: sampled } of samples) {
      const which = (tokens[0] as number) - 97;
      counts[which] = (counts[which] as number) + 1;
      expect(sampled[0]).toBeCloseTo(logProbs[which] as number, 4);
    }
    // Five standard deviations of a binomial count.
    for (const [which, count] of counts.entries()) {
      const share = Math.exp(logProbs[which] as number) / total;
      expect(Math.abs(count - 256 * share)).toBeLessThan(5 * Math.sqrt(256 * share * (1 - share)));
    }
  });

  it('end as soon as nothing may follow, without an end token, or by one where more could', async () => {
    for (const each of await sample('root ::= "abc"'))
      expect([textOf(each), each.end, each.stopped]).toEqual(['abc', { by: 'constraint' }, true]);
    const open = await sample('root ::= [a-z]*', { samples: 16, maxTokens: 40 });
    const endings = open.filter(({ end }) => end.by === 'token');
    expect(endings.length).toBeGreaterThan(0);
    for (const { tokens } of endings) expect(tokens.at(-1)).toBe(byteTokens.end);
    for (const each of await sample('root ::= ""')) expect([each.tokens.length, each.end.by]).toEqual([0, 'constraint']);
  });

  it('say that they are stuck where no token can follow', async () => {
    // The only way on is half a character that UTF-8 does not have.
    for (const each of await sample('root ::= "a" [\\uD800-\\uDFFF]'))
      expect([textOf(each)[0], each.end.by, each.stopped]).toEqual(['a', 'dead-end', false]);
  });

  it('never hold special tokens but the end', async () => {
    for (const { tokens } of await sample('root ::= [a-z<|>]{40}', { samples: 32 }))
      for (const token of tokens) expect(token).toBeLessThan(256);
  });
});
