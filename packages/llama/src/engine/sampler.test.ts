import { RedQueenError } from '@redqueen/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEngine, randomTokens, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import { baseWeights } from './adapter-weights.ts';
import type { Engine } from './engine.ts';
import type { TokenConstraint } from './token-constraint.ts';

const folder = temporaryFolder();
let engine: Engine;
beforeAll(() => {
  engine = openEngine(writeTinyModel(folder.path));
});
afterAll(() => folder.dispose());

/** Allows what `possible` does, and tells what happens to it. */
function constraintOf(
  possible: (token: number) => boolean,
  told: { accepted?: (token: number) => void; disposed?: () => void } = {},
): TokenConstraint {
  return {
    allows: possible,
    mask: (row) => row.reduce((left, _, token) => (possible(token) ? left + 1 : ((row[token] = -Infinity), left)), 0),
    accept: (token) => told.accepted?.(token),
    done: false,
    dispose: () => told.disposed?.(),
  };
}

const prompts = [3, 9].map((length, seed) => ({ tokens: randomTokens(length, seed), samples: 4, seed }));
const settings = { maxTokens: 20, temperature: 1, stops: new Set<number>() };

it('computes no further step once its signal has aborted, and frees every constraint', async () => {
  const controller = new AbortController();
  let [accepted, made, disposed] = [0, 0, 0];
  const constrain = () => {
    made++;
    const told = {
      accepted: () => {
        // In the middle of the third step of eight samples.
        if (++accepted === 19) controller.abort(new RedQueenError('cancelled', 'enough'));
      },
      disposed: () => void disposed++,
    };
    return constraintOf(() => true, told);
  };
  const [prompt] = prompts;
  const asked = [{ ...(prompt as (typeof prompts)[number]), samples: 8 }];
  await expect(engine.sample('a', baseWeights, asked, { ...settings, constrain, signal: controller.signal })).rejects.toMatchObject({
    code: 'cancelled',
  });
  expect([accepted, made, disposed]).toEqual([24, 8, 8]);
  const free = await engine.sample('a', baseWeights, asked, settings);
  expect(free[0]).toHaveLength(8);
});

it('gives an unconstrained sample as long as a constraint allows its tokens', async () => {
  const free = await engine.sample('a', baseWeights, prompts, settings);
  expect(await engine.sample('a', baseWeights, prompts, { ...settings, constrain: () => constraintOf(() => true) })).toEqual(free);
});

it('draws from rows in which a constraint leaves hardly anything, at any temperature', async () => {
  for (const temperature of [0, 0.01, 1, 30]) {
    const only = await engine.sample('a', baseWeights, prompts, {
      ...settings,
      temperature,
      constrain: () => constraintOf((token) => token === 258),
    });
    for (const { tokens, end } of only.flat()) expect([new Set(tokens), end.by]).toEqual([new Set([258]), 'length']);
    const none = await engine.sample('a', baseWeights, prompts, { ...settings, temperature, constrain: () => constraintOf(() => false) });
    for (const { tokens, end, stopped } of none.flat()) expect([tokens.length, end.by, stopped]).toEqual([0, 'dead-end', false]);
  }
});
