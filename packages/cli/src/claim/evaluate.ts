import { mean, meanInterval, type Recipe } from '@redqueen/core';
import type { RunReport } from '@redqueen/sdk';
import { valueOf, type Change } from './change.ts';
import { findChange, newcombe, wholeFigures } from './figures.ts';

/** A run of a claim with what came of it. */
export interface ArmResult {
  readonly arm: string;
  readonly seed: number;
  readonly run: string;
  /** Why it did not finish; empty otherwise. */
  readonly error: string;
  /** Absent where it did not finish. */
  readonly report?: RunReport;
}

/** A figure of one arm over its seeds. */
export interface ArmFigure {
  readonly arm: string;
  readonly figure: string;
  readonly seeds: number;
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  /** 95 %: Student's t over the seeds, Newcombe's where there is one seed; infinite where neither says anything. */
  readonly low: number;
  readonly high: number;
  readonly gains: readonly number[];
}

/** A figure of the first arm minus that of another over the seeds that both have. */
export interface PairedFigure {
  readonly arm: string;
  readonly figure: string;
  readonly seeds: number;
  /** Mean of gain(first arm) − gain(arm). */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

type Expectation = NonNullable<Recipe['claim']>['expect'][number];

/** What became of an expectation. */
export interface Checked {
  readonly expectation: Expectation;
  /** The gain or value of each seed. */
  readonly values: readonly number[];
  readonly passed: boolean;
}

/** Rounding of sums of counts must not decide. */
export const slack = 1e-9;

/** The runs of an arm that came to their end. */
export function finished(results: readonly ArmResult[], arm: string): (ArmResult & { readonly report: RunReport })[] {
  return results.filter(
    (result): result is ArmResult & { readonly report: RunReport } => result.arm === arm && result.report !== undefined,
  );
}

/** One figure of one arm. Undefined where no run of the arm measured it. */
export function armFigure(results: readonly ArmResult[], arm: string, figure: string): ArmFigure | undefined {
  const changes = finished(results, arm).flatMap(({ report }) => findChange(report, figure) ?? []);
  const [only] = changes;
  if (!only) return undefined;
  const gains = changes.map((change) => valueOf(change, 'gain'));
  const interval = (changes.length === 1 ? newcombe(only) : undefined) ?? meanInterval(gains);
  return {
    arm,
    figure,
    seeds: changes.length,
    gain: mean(gains),
    gains,
    low: interval.low,
    high: interval.high,
    before: mean(changes.map(({ before }) => before.value)),
    after: mean(changes.map(({ after }) => after.value)),
  };
}

/** All held-out figures of all arms, arm by arm, and those that are named as well. */
export function armFigures(results: readonly ArmResult[], also: readonly string[] = []): ArmFigure[] {
  const arms = [...new Set(results.map(({ arm }) => arm))];
  return arms.flatMap((arm) => {
    const figures = [...new Set([...finished(results, arm).flatMap(({ report }) => wholeFigures(report)), ...also])];
    return figures.flatMap((figure) => armFigure(results, arm, figure) ?? []);
  });
}

/** A figure of one arm minus that of another, a difference for each seed on which both were measured. */
export function pairedDifferences(
  results: readonly ArmResult[],
  { figure, of, arm, against }: { readonly figure: string; readonly of: 'gain' | 'value'; readonly arm: string; readonly against: string },
): number[] {
  const measured = (name: string) => new Map(finished(results, name).map(({ seed, report }) => [seed, findChange(report, figure)]));
  const twins: ReadonlyMap<number, Change | undefined> = measured(against);
  return [...measured(arm)].flatMap(([seed, own]) => {
    const twin = twins.get(seed);
    return own && twin ? [valueOf(own, of) - valueOf(twin, of)] : [];
  });
}

/** The first arm against every other, paired by seed. */
export function pairedFigures(results: readonly ArmResult[]): PairedFigure[] {
  const [first, ...others] = [...new Set(results.map(({ arm }) => arm))];
  if (first === undefined) return [];
  return others.flatMap((arm) => {
    const figures = [...new Set(finished(results, arm).flatMap(({ report }) => wholeFigures(report)))];
    return figures.flatMap((figure) => {
      const differences = pairedDifferences(results, { figure, of: 'gain', arm: first, against: arm });
      if (differences.length === 0) return [];
      return [{ arm, figure, seeds: differences.length, difference: mean(differences), ...meanInterval(differences) }];
    });
  });
}

function holds({ atLeast, atMost }: Expectation, value: number): boolean {
  return (atLeast === undefined || value >= atLeast - slack) && (atMost === undefined || value <= atMost + slack);
}

/** Whether an expectation holds on all seeds, on more than half, or in the mean. What was not measured does not hold. */
export function check(results: readonly ArmResult[], expectation: Expectation): Checked {
  const changes = finished(results, expectation.arm).flatMap(({ report }) => findChange(report, expectation.figure) ?? []);
  const values = changes.map((change) => valueOf(change, expectation.of));
  const held = values.filter((value) => holds(expectation, value)).length;
  const passed =
    values.length > 0 &&
    (expectation.seeds === 'mean'
      ? holds(expectation, mean(values))
      : expectation.seeds === 'most'
        ? held * 2 > values.length
        : held === values.length);
  return { expectation, values, passed };
}

/** Checks every expectation about the arms that were run. */
export function checkAll(results: readonly ArmResult[], expectations: readonly Expectation[]): Checked[] {
  const arms = new Set(results.map(({ arm }) => arm));
  return expectations.filter(({ arm }) => arms.has(arm)).map((expectation) => check(results, expectation));
}
