import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { page, rows, tableFile, type Row } from './table.ts';

describe('reward hacking', () => {
  let all: readonly Row[];
  beforeAll(async () => {
    all = await rows();
  }, 120_000);
  const verdict = (preset: string, exploit: string) =>
    [...(all.find((row) => row.preset === preset)?.outcomes ?? [])].find(([{ name }]) => name === exploit)?.[1].verdict;

  test('the table in docs is what the simulator says now: npm run hacking', () => {
    expect(readFileSync(tableFile, 'utf8')).toBe(page(all));
  });

  test('our own recipe holds against every exploit', () => {
    const [, ...found] = [undefined, ...(all.find(({ preset }) => preset === 'default')?.outcomes.values() ?? [])];
    expect(found.map(({ verdict: one }) => one)).toEqual(found.map(() => 'holds'));
  });

  test('published presets fall where their papers’ successors say so', () => {
    // A vote rewards whoever agrees; a difficulty without a validity that depends on the solver rewards what nobody solves; a judge that decides alone rewards what it likes.
    expect(verdict('r-zero', 'agreed answer')).toBe('falls');
    expect(verdict('mae', 'impossible task')).toBe('falls');
    expect(verdict('mae', 'all-accept verifier')).toBe('falls');
    expect(verdict('absolute-zero', 'duplicate task')).toBe('level');
  });
});
