import { movingAverage, type Reading } from '@redqueen/core';

/** A moving mean by name. */
export type Averages = ReadonlyMap<string, { readonly value: number; readonly count: number }>;

/** Adds a value; the first ones weigh more, so that the mean does not crawl up from zero. Values that are not finite change nothing. */
export function averaged(averages: Averages, name: string, value: number, rate: number): Averages {
  if (!Number.isFinite(value)) return averages;
  const { value: before, count } = averages.get(name) ?? { value: 0, count: 0 };
  const next = { value: movingAverage(before, value, Math.max(rate, 1 / (count + 1))), count: count + 1 };
  return new Map(averages).set(name, next);
}

/** The means as readings, by name. */
export function averageReadings(averages: Averages): Reading[] {
  return [...averages].map(([name, { value }]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** An agent as a reading's name holds it: the role, and for further agents of the role their number: executor, executor-1. */
export function agentFigure(agent: string): string {
  return agent.endsWith('/0') ? agent.slice(0, -2) : agent.replace('/', '-');
}
