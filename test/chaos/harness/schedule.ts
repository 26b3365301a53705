import { randomOf, shuffled } from '@redqueen/core';
import type { ServiceName } from '@redqueen/runtime';

/** One fault: what happens to whom, and when, in seconds from the first possible one. */
export interface Fault {
  readonly at: number;
  readonly victim: ServiceName;
}

/**
 * Who is killed when: one victim every `every` seconds, `count` in all, in a random order in which everybody's turn comes equally often, give or take one.
 * The same seed gives the same schedule.
 */
export function faultSchedule(seed: number, victims: readonly ServiceName[], count: number, every: number): Fault[] {
  const random = randomOf(seed, 'faults', count);
  const rounds = Math.floor(count / victims.length);
  const sure = Array.from({ length: rounds }, () => victims).flat();
  const rest = shuffled(random, victims).slice(0, count - sure.length);
  return shuffled(random, [...sure, ...rest]).map((victim, index) => ({ at: (index + 1) * every, victim }));
}

/** The schedule in one line, for whoever must do it again. */
export function scheduleText(faults: readonly Fault[]): string {
  return faults.map(({ at, victim }) => `${at} s ${victim}`).join(', ');
}
