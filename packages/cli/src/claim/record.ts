import { mean } from '@redqueen/core';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { armFigures, finished } from './evaluate.ts';
import { spokenOf, type ClaimOutcome } from './details.ts';
import type { Effect, Verdict } from './effect.ts';

/** A figure of an arm over its seeds; ends of an interval that nothing bounds are null. */
export interface RecordedFigure {
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** An arm as it was run. */
export interface RecordedArm {
  readonly arm: string;
  readonly seeds: readonly number[];
  /** Means over the seeds. */
  readonly updates: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, RecordedFigure>>;
}

/** An expectation and what was measured. */
export interface RecordedExpectation {
  readonly text: string;
  readonly passed: boolean;
}

/** What came of a claim, as docs/claims/<name>.json keeps it. */
export interface ClaimRecord {
  readonly format: 1;
  readonly claim: string;
  /** Version of the recipe, see `recipeHash`. */
  readonly recipe: string;
  /** Day on which the last run ended, ISO 8601. */
  readonly date: string;
  readonly verdict: Verdict;
  readonly effect?: Omit<Effect, 'low' | 'high'> & { readonly low: number | null; readonly high: number | null };
  readonly expectations: readonly RecordedExpectation[];
  readonly arms: readonly RecordedArm[];
  /** The figures that the claim speaks of. */
  readonly figures: readonly string[];
  /** Why runs did not finish. */
  readonly errors: readonly string[];
  /** Of all runs together. */
  readonly tokens: number;
  readonly seconds: number;
  /** Options under which less or something else was run than the recipe says; absent where it was run as it is. */
  readonly changed?: Readonly<Record<string, unknown>>;
}

/** Numbers of a record are for people and for diffs: five significant digits. */
const short = (value: number): number => Number(value.toPrecision(5));
const end = (value: number): number | null => (Number.isFinite(value) ? short(value) : null);
const meanOf = (values: readonly number[]): number => (values.length === 0 ? 0 : short(mean(values)));
const sumOf = (values: readonly number[]): number => Math.round(values.reduce((sum, value) => sum + value, 0));

function recordedArms(outcome: ClaimOutcome): RecordedArm[] {
  const { results } = outcome;
  const figures = armFigures(results, spokenOf(outcome));
  return [...new Set(results.map(({ arm }) => arm))].map((arm) => {
    const runs = finished(results, arm);
    const own = figures.filter((figure) => figure.arm === arm);
    return {
      arm,
      seeds: runs.map(({ seed }) => seed),
      updates: meanOf(runs.map(({ report }) => report.updatesDone)),
      tokens: meanOf(runs.map(({ report }) => report.tokens.sampled)),
      seconds: meanOf(runs.map(({ report }) => report.elapsedSeconds)),
      figures: Object.fromEntries(
        own.map(({ figure, before, after, gain, low, high }) => [
          figure,
          { before: short(before), after: short(after), gain: short(gain), low: end(low), high: end(high) },
        ]),
      ),
    };
  });
}

function recordedEffect(effect: Effect): NonNullable<ClaimRecord['effect']> {
  const { low, high } = effect;
  return { ...effect, effect: short(effect.effect), low: end(low), high: end(high), differences: effect.differences.map(short) };
}

/** What is kept of a claim. `texts` are the expectations in words, one a check. Pure. */
export function claimRecord(
  outcome: ClaimOutcome,
  recipe: string,
  texts: readonly string[],
  changed: Readonly<Record<string, unknown>>,
): ClaimRecord {
  const reports = outcome.results.flatMap(({ report }) => report ?? []);
  return {
    format: 1,
    claim: outcome.claim,
    recipe,
    date: (
      reports
        .map(({ endedAt }) => endedAt)
        .sort()
        .at(-1) ?? ''
    ).slice(0, 10),
    verdict: outcome.verdict,
    ...(outcome.effect ? { effect: recordedEffect(outcome.effect) } : {}),
    expectations: outcome.checks.map(({ passed }, index) => ({ text: texts[index] ?? '', passed })),
    arms: recordedArms(outcome),
    figures: spokenOf(outcome),
    errors: outcome.results.flatMap(({ run, error }) => (error === '' ? [] : [`${run}: ${error}`])),
    tokens: sumOf(reports.map(({ tokens }) => tokens.sampled)),
    seconds: sumOf(reports.map(({ elapsedSeconds }) => elapsedSeconds)),
    ...(Object.keys(changed).length > 0 ? { changed } : {}),
  };
}

/** Writes <folder>/<claim>.json. Returns the file. */
export async function writeRecord(folder: string, record: ClaimRecord): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${record.claim}.json`);
  await writeFile(file, `${JSON.stringify(record, undefined, 1)}\n`);
  return file;
}
