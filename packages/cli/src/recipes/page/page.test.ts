import { resolveRecipe } from '@redqueen/core';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ClaimRecord } from '../../claim/record.ts';
import type { RecipeText } from '../recipe-folder.ts';
import { leadingComment, markdownTable } from './markdown.ts';
import { recipesPage } from './page.ts';
import { paperText } from './papers.ts';
import { currentPage, pageFile } from './write-page.ts';

const role = { optimizer: { learningRate: 1e-3 }, rewards: [{ use: 'outcome', weight: 1 }], credit: { use: 'group-normalised' }, batch: 4 };
const idle = { ...role, trains: false, optimizer: { use: 'sleep', learningRate: 0 } };
const recipe = resolveRecipe({
  name: 'test',
  paper: 61,
  model: 'starter',
  updates: 8,
  environments: [{ use: 'arithmetic', families: { add: [1] } }],
  curriculum: { use: 'uniform' },
  roles: { executor: role, proposer: idle, verifier: idle, 'world-model': idle },
  claim: {
    headline: 'it learns',
    leavesOut: 'everything large',
    arms: [{ name: 'learns' }, { name: 'off' }],
    effect: { figure: 'executor.greedy', arm: 'learns', against: 'off', direction: 'up' },
  },
});
const read: RecipeText = { file: 'test.yaml', text: '# What it is,\n# in two lines.\nname: test\n', recipe, version: 'v1' };

const figure = { before: 0.3, after: 0.5, gain: 0.2, low: 0.1, high: null };
const record: ClaimRecord = {
  format: 1,
  claim: 'test',
  recipe: 'v1',
  date: '2026-01-02',
  verdict: 'works',
  effect: {
    figure: 'executor.greedy',
    of: 'gain',
    arm: 'learns',
    against: 'off',
    direction: 'up',
    effect: 0.2,
    low: 0.15,
    high: 0.25,
    pairs: 5,
    differences: [0.2],
  },
  expectations: [{ text: 'off: stays', passed: false }],
  arms: [{ arm: 'learns', seeds: [1, 2], updates: 8, tokens: 1000, seconds: 10, figures: { 'executor.greedy': figure } }],
  figures: ['executor.greedy'],
  errors: [],
  tokens: 2000,
  seconds: 20,
};

const page = (kept?: ClaimRecord) => recipesPage([{ read, record: kept }], []);

describe('docs/recipes.md', () => {
  test('is what the generator makes of config/recipes and docs/claims: run `npm run docs:recipes`', async () => {
    expect(readFileSync(pageFile, 'utf8')).toBe(await currentPage());
  });

  test('says what a recipe is, what it claims and what came of it', () => {
    const text = page(record);
    expect(text).toContain('What it is, in two lines.');
    expect(text).toContain('negative-aware fine-tuning) (paper 61)');
    expect(text).toContain('Effect: gain of `executor.greedy` of `learns` above `off`, 5 seeds.');
    expect(text).toContain('**Left out.** everything large');
    expect(text).toContain('| +20.0 [+15.0, +25.0], 5 seeds | works |');
    expect(text).toContain('**Verdict: works.** Effect: executor right, greedy, gain of learns − off: +20.0');
    expect(text).toContain('| learns | executor right, greedy | 30.0 % | 50.0 % | +20.0 |  | 2 | 8 | 1 | 10 |');
    expect(text).toContain('* **does not hold**: off: stays');
    expect(text).not.toContain('`sleep`');
  });

  test('a result of an earlier form of the recipe is marked', () => {
    const text = page({ ...record, recipe: 'v0' });
    expect(text).toContain('|  | not run since it was changed (2026-01-02: works) |');
    expect(text).toContain('**Not run since it was changed.**');
    expect(page()).toContain('**Not run yet.**');
  });

  test('a claim that was run in part says which part', () => {
    expect(page({ ...record, changed: { seeds: 1 } })).toContain('Run in part only: `{"seeds":1}`.');
  });

  test('papers and Markdown', () => {
    expect([paperText(undefined), paperText(999)]).toEqual(['', 'paper 999']);
    expect(markdownTable(['a', 'n'], [['x|y', '1']], ['n'])).toBe('| a | n |\n|---|---:|\n| x\\|y | 1 |');
    expect(leadingComment('name: x\n# later\n')).toBe('');
    expect(leadingComment('# yaml-language-server: $schema=../recipe.schema.json\n# One.\nname: x')).toBe('One.');
  });
});
