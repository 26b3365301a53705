import { mean, meanInterval } from '@redqueen/core';
import type { Claim } from './arms.ts';
import { armFigure, pairedDifferences, slack, type ArmResult, type Checked } from './evaluate.ts';

/** The figure that a claim stands or falls with. */
export interface EffectQuestion {
  readonly figure: string;
  readonly of: 'gain' | 'value';
  readonly arm: string;
  /** The arm that it is compared with on the same seeds; empty where the arm is compared with its own start. */
  readonly against: string;
  readonly direction: 'up' | 'down' | 'equal';
  readonly margin?: number | undefined;
}

/** The answer: a mean difference over pairs with its 95 % interval, infinite where the pairs do not bound it. */
export interface Effect extends EffectQuestion {
  readonly effect: number;
  readonly low: number;
  readonly high: number;
  /** Seeds on which both sides were measured. */
  readonly pairs: number;
  /** One a pair. */
  readonly differences: readonly number[];
}

/** How a claim came out. */
export type Verdict = 'works' | 'runs, effect not shown' | 'fails';

/** What a claim's effect is: the one it states, otherwise the first expectation about a gain. Undefined where it has neither. */
export function effectQuestion(claim: Claim): EffectQuestion | undefined {
  if (claim.effect) return claim.effect;
  const gain = claim.expect.find(({ of }) => of === 'gain');
  return gain && { figure: gain.figure, of: 'gain', arm: gain.arm, against: '', direction: gain.atLeast === undefined ? 'down' : 'up' };
}

function ownGain(results: readonly ArmResult[], question: EffectQuestion): Effect | undefined {
  const measured = armFigure(results, question.arm, question.figure);
  if (!measured) return undefined;
  const { gain, low, high, seeds, gains } = measured;
  return { ...question, effect: gain, low, high, pairs: seeds, differences: gains };
}

/**
 * The effect over paired seeds, with Student's 95 % interval of the mean difference. (A percentile bootstrap over five pairs would be narrower, and wrong: it
 * covers about 84 %.) A gain against an arm's own start has Newcombe's interval where there is one seed. Undefined where nothing was measured on both sides.
 */
export function measureEffect(results: readonly ArmResult[], question: EffectQuestion): Effect | undefined {
  if (question.against === '') return ownGain(results, question);
  const differences = pairedDifferences(results, question);
  if (differences.length === 0) return undefined;
  return { ...question, effect: mean(differences), ...meanInterval(differences), pairs: differences.length, differences };
}

/** Where an effect's interval lies: on the side that was claimed, on the other side, or neither. */
export function sideOf({ direction, low, high, margin = 0 }: Effect): 'claimed' | 'opposite' | 'neither' {
  if (direction === 'equal') {
    if (low >= -margin - slack && high <= margin + slack) return 'claimed';
    return low > margin + slack || high < -margin - slack ? 'opposite' : 'neither';
  }
  const [near, far] = direction === 'up' ? [low, high] : [-high, -low];
  return near > slack ? 'claimed' : far < -slack ? 'opposite' : 'neither';
}

/**
 * works: every run finished, every expectation holds, and the effect's interval lies on the claimed side of 0 (equal: inside ±margin).
 * fails: a run did not finish, or the interval lies on the opposite side. Otherwise it runs, and the effect was not shown; so too without a measured effect.
 */
export function verdictOf(results: readonly ArmResult[], checks: readonly Checked[], effect: Effect | undefined): Verdict {
  const side = effect ? sideOf(effect) : 'neither';
  if (results.some(({ report }) => report === undefined) || side === 'opposite') return 'fails';
  return side === 'claimed' && checks.every(({ passed }) => passed) ? 'works' : 'runs, effect not shown';
}
