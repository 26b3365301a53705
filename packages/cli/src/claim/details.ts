import { armFigures, pairedFigures, type ArmResult, type Checked } from './evaluate.ts';
import type { Effect, Verdict } from './effect.ts';

/** All that came of a claim. */
export interface ClaimOutcome {
  readonly claim: string;
  readonly verdict: Verdict;
  /** Undefined where no run measured it, or its arms were left out. */
  readonly effect: Effect | undefined;
  readonly checks: readonly Checked[];
  readonly results: readonly ArmResult[];
}

/** The figures that a claim speaks of, the effect's first. */
export function spokenOf({ effect, checks }: Pick<ClaimOutcome, 'effect' | 'checks'>): string[] {
  return [...new Set([...(effect ? [effect.figure] : []), ...checks.map(({ expectation }) => expectation.figure)])];
}

/** JSON has no infinity: null says that the pairs do not bound the effect. */
const bounded = (value: number | undefined): number | null => (value !== undefined && Number.isFinite(value) ? value : null);

/** The one line that `redqueen claim --json` ends with. */
export function claimLine({ claim, verdict, effect }: ClaimOutcome): string {
  const { effect: size, low, high, pairs = 0 } = effect ?? {};
  return JSON.stringify({ claim, verdict, effect: bounded(size), low: bounded(low), high: bounded(high), pairs });
}

/** The long document: every figure of every arm, every pair, every expectation, every run. */
export function claimDetails(outcome: ClaimOutcome): string {
  const { claim, verdict, effect, checks, results } = outcome;
  const runs = results.map(({ arm, seed, run, error, report }) => ({
    arm,
    seed,
    run,
    error,
    updates: report?.updatesDone,
    seconds: report?.elapsedSeconds,
    sampledTokens: report?.tokens.sampled,
  }));
  const expectations = checks.map(({ expectation, values, passed }) => ({ ...expectation, values, passed }));
  const document = {
    claim,
    verdict,
    effect,
    expectations,
    figures: armFigures(results, spokenOf(outcome)),
    paired: pairedFigures(results),
    runs,
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}
