import { mean } from '@redqueen/core';
import { balanceScore, selectionOf, type ScoredAnswer } from './balance-score.ts';

/** A settled task: its temperature, and its balance score at each threshold of the grid. */
export interface ScoredTask {
  readonly temperature: number;
  /** One a threshold, in the grid's order. */
  readonly scores: readonly number[];
}

/** A temperature and a threshold with the mean balance score that they are estimated to have. */
export interface Setting {
  readonly temperature: number;
  readonly threshold: number;
  readonly score: number;
}

/** What the estimate is made with. */
export interface Estimator {
  readonly temperatures: readonly number[];
  readonly thresholds: readonly number[];
  /** Tasks weigh 1 − |ΔT| / bandwidth in the estimate for a temperature. */
  readonly bandwidth: number;
  /** Temperatures whose tasks weigh less than this together are not considered. */
  readonly fewest: number;
}

/** Values from low to high, both included, without rounding drift. */
export function grid(low: number, high: number, step: number): number[] {
  return Array.from({ length: Math.round((high - low) / step) + 1 }, (_, index) => Number((low + index * step).toFixed(6)));
}

/** The scores of one task at every threshold: the same attempts are judged by all of them. */
export function scoreTask(
  temperature: number,
  answers: readonly ScoredAnswer[],
  thresholds: readonly number[],
  enough: number,
): ScoredTask {
  return { temperature, scores: thresholds.map((threshold) => balanceScore(selectionOf(answers, threshold), enough)) };
}

/** Estimated mean score of every setting, by a triangular kernel over the tasks' temperatures (our form; the paper samples a development set anew at each). */
export function estimates(tasks: readonly ScoredTask[], { temperatures, thresholds, bandwidth, fewest }: Estimator): Setting[] {
  return temperatures.flatMap((temperature) => {
    const weights = tasks.map((task) => Math.max(0, 1 - Math.abs(task.temperature - temperature) / bandwidth));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total < fewest) return [];
    return thresholds.map((threshold, place) => {
      const sum = tasks.reduce((so, task, index) => so + (weights[index] ?? 0) * (task.scores[place] ?? 0), 0);
      return { temperature, threshold, score: sum / total };
    });
  });
}

/** The setting with the best score; of equal ones the nearest to the present one, so that nothing is turned for no gain. Undefined where none was estimated. */
export function bestSetting(settings: readonly Setting[], present: Omit<Setting, 'score'>): Setting | undefined {
  const distance = (one: Setting): number => Math.abs(one.temperature - present.temperature) + Math.abs(one.threshold - present.threshold);
  return settings.reduce<Setting | undefined>((best, one) => {
    if (!best || one.score > best.score + slack) return one;
    return one.score >= best.score - slack && distance(one) < distance(best) ? one : best;
  }, undefined);
}

/** Scores that differ by less are equal: sums in another order must not decide. */
const slack = 1e-9;

/** Mean score of the tasks at one threshold, whatever their temperature; 0 without tasks. */
export function meanScore(tasks: readonly ScoredTask[], place: number): number {
  return tasks.length === 0 ? 0 : mean(tasks.map(({ scores }) => scores[place] ?? 0));
}
