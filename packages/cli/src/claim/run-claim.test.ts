import { RedQueenError, resolveRecipe } from '@redqueen/core';
import type { RedQueen, RunInfo, RunReport } from '@redqueen/sdk';
import { expect, test } from 'vitest';
import { processTerminal } from '../terminal.ts';
import { armRuns } from './arms.ts';
import { runClaim } from './run-claim.ts';

const role = { optimizer: { learningRate: 1e-3 }, rewards: [{ use: 'outcome', weight: 1 }], credit: { use: 'group-normalised' }, batch: 4 };
const recipe = resolveRecipe({
  name: 'test',
  model: 'starter',
  updates: 8,
  environments: [{ use: 'arithmetic', families: { add: [1] } }],
  curriculum: { use: 'uniform' },
  roles: { executor: role },
  claim: { headline: 'it learns', seeds: 1, arms: [{ name: 'learns' }, { name: 'equal', equalTokens: true }] },
});

test('a finished run is taken as it is, unless it was to end at other tokens than the first arm now sampled', async () => {
  const [first = '', equal = ''] = armRuns(recipe, {}).map(({ run }) => run);
  const finished = (maxSampledTokens?: number) => ({ status: 'finished', resolvedRecipe: { ...recipe, maxSampledTokens } }) as RunInfo;
  const runs = new Map([
    [first, finished()],
    [equal, finished(900)],
    [`${equal}-2`, finished(1000)],
  ]);
  const get = async (run: string): Promise<RunInfo> => {
    const info = runs.get(run);
    if (!info) throw new RedQueenError('not_found', run);
    return info;
  };
  const report = async () => ({ tokens: { sampled: 1000 } }) as RunReport;
  const client = { recipe: async () => ({ recipe, known: [] }), report, runs: { get } } as unknown as RedQueen;
  const context = { client, source: { recipe: 'test' }, patch: {}, terminal: processTerminal(true), signal: new AbortController().signal };
  const results = await runClaim(context, recipe, {});
  expect(results.map(({ arm, run, error }) => [arm, run, error])).toEqual([
    ['learns', first, ''],
    ['equal', `${equal}-2`, ''],
  ]);
});
