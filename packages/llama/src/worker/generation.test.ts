// How samples end, on a model that has tokens of several characters and of parts of characters.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seconds, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import { LocalDevice } from './device.ts';
import type { GenerateRequest, SampledSequence } from './protocol.ts';

const folder = temporaryFolder();
const device = new LocalDevice(seconds);
/** Tokens of several characters: a stop may begin in one and end in another. Bytes are tokens too, so characters may be split. */
const words = ['abc', 'ca', 'é!', 'b é', '\n\n'];

beforeAll(async () => {
  const tokens = words.map((text) => ({ text, special: false }));
  await device.open({ modelPath: writeTinyModel(folder.path, 1, { name: 'words', tokens }), threads: 1 });
});
afterAll(() => {
  device.close();
  folder.dispose();
});

async function sample(change: Partial<GenerateRequest>, seed = 1, samples = 8): Promise<readonly SampledSequence[]> {
  const prompts = [{ text: 'abcé', samples, seed }];
  const [group] = await device.generate({ agent: 'a', version: 0, prompts, maxTokens: 40, temperature: 1, stop: '', ...change });
  return group?.samples ?? [];
}

describe('stop texts', () => {
  it('end a sample with the first that its text contains, and take nothing from its tokens', async () => {
    // Texts of the words and of single letters, which a random model comes to say.
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'é', '!', '\n', 'ab', 'x'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join(''));
    let met = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 3 }), fc.nat(), async (stopTexts, seed) => {
        const [free, cut] = [await sample({}, seed), await sample({ stopTexts }, seed)];
        for (const [index, { text: whole, tokens, logProbs, finish }] of free.entries()) {
          const now = cut[index] as SampledSequence;
          expect(tokens.subarray(0, now.tokens.length)).toEqual(now.tokens);
          expect(logProbs.subarray(0, now.tokens.length)).toEqual(now.logProbs);
          if (!stopTexts.some((stop) => whole.includes(stop))) {
            expect([now.text, now.finish, now.stop]).toEqual([whole, finish, '']);
            continue;
          }
          met++;
          expect(now.finish).toBe('stop');
          expect(stopTexts).toContain(now.stop);
          expect(whole.startsWith(now.text + now.stop)).toBe(true);
          expect(stopTexts.some((stop) => now.text.includes(stop))).toBe(false);
        }
      }),
      { numRuns: 25 },
    );
    expect(met).toBeGreaterThan(0);
  });

  it('say which stop it was, among one-token stops and the end of the model', async () => {
    const samples = await sample({ stop: '!', alsoStop: ['c'], stopTexts: ['ab', 'z'] }, 4, 32);
    const seen = new Set(samples.map(({ stop, finish }) => `${finish} ${stop}`));
    for (const ending of ['stop !', 'stop c', 'stop ab']) expect(seen).toContain(ending);
    for (const { stop, text, finish } of samples) {
      if (finish === 'length') continue;
      expect(text.endsWith(stop)).toBe(stop === 'c' || stop === '');
    }
  });

  it('are refused where there are too many, or one is empty or too long', async () => {
    await expect(sample({ stopTexts: ['a', ''] })).rejects.toThrow('stop_texts[1] has 0 bytes; it must have 1 to 1024');
    await expect(sample({ stopTexts: ['é'.repeat(600)] })).rejects.toThrow('stop_texts[0] has 1200 bytes');
    await expect(sample({ stopTexts: Array.from({ length: 65 }, String) })).rejects.toThrow('stop_texts has 65 texts');
  });
});

describe('grammars', () => {
  it('end a sample when its text is complete, and say when nothing can follow', async () => {
    for (const each of await sample({ grammar: 'root ::= "abc" [0-9]{2} "é"' })) {
      expect(each.text).toMatch(/^abc\d\dé$/);
      expect([each.finish, each.stopped, each.stop]).toEqual(['grammar', true, '']);
    }
    for (const { finish, stopped } of await sample({ grammar: 'root ::= [\\uD800-\\uDFFF]' }))
      expect([finish, stopped]).toEqual(['dead-end', false]);
    const cut = await sample({ grammar: 'root ::= [a-c]{60}', maxTokens: 5 });
    for (const { finish, tokens } of cut) expect([finish, tokens.length]).toEqual(['length', 5]);
  });

  it('go with stop texts', async () => {
    for (const { text, stop } of await sample({ grammar: 'root ::= "x" [0-9]* "abc"', stopTexts: ['ab'], maxTokens: 100 }))
      if (stop === 'ab') expect(text).toMatch(/^x\d*$/);
  });

  it('are refused with their place', async () => {
    await expect(sample({ grammar: 'root ::= "a' })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^grammar, line 1, column 12/),
    });
    await expect(sample({ schema: '{"items":{"type":"text"}}' })).rejects.toThrow(/^schema\.items\.type is "text"/);
    await expect(sample({ schema: '{}', grammar: 'root ::= "a"' })).rejects.toThrow(/exclude each other/);
  });
});
