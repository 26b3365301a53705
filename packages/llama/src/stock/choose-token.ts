import type { SamplingSettings } from '../engine/sampling-plan.ts';
import type { LogitRows } from './logit-rows.ts';

/** A sample while it grows. */
export interface Draft {
  readonly random: () => number;
  readonly tokens: number[];
  /** At temperature 1, of the whole distribution. */
  readonly logProbs: number[];
  readonly entropies: number[];
  stopped: boolean;
}

/** Draws the next token of a sample from the selected row. Returns whether the sample ends with it. */
export function chooseToken(rows: LogitRows, draft: Draft, settings: SamplingSettings): boolean {
  const token = settings.temperature === 0 ? rows.best() : rows.draw(settings.temperature, draft.random());
  draft.tokens.push(token);
  draft.logProbs.push(rows.logProb(token));
  draft.entropies.push(rows.entropy());
  draft.stopped = settings.stops.has(token);
  return draft.stopped || draft.tokens.length >= settings.maxTokens;
}
