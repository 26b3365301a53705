import { setImmediate } from 'node:timers/promises';
import type { Violation } from './checks/witness.ts';
import { expectationOf } from './oracle.ts';
import { planOf, type Family } from './plan.ts';
import { runSchedule } from './schedule.ts';

/** Which schedules to run. */
export interface Range {
  readonly family: Family;
  readonly from: number;
  readonly count: number;
  /** 2 for every second one. */
  readonly step: number;
  /** Stop at the first schedule that breaks this promise. */
  readonly until?: string;
}

/** A schedule that broke a promise. */
export interface Failure {
  readonly family: Family;
  readonly number: number;
  readonly traceHash: string;
  readonly violations: readonly Violation[];
}

/** What became of a range. */
export interface RangeResult {
  readonly schedules: number;
  readonly events: number;
  /** Schedules whose crash point was reached. */
  readonly crashed: number;
  readonly failures: readonly Failure[];
  /** Trace hashes of the first schedules, by number. */
  readonly hashes: Readonly<Record<number, string>>;
}

/** Failures that are kept; the others are only counted in `schedules`. */
const mostFailures = 50;
const hashesKept = 20;

/** Runs schedules one after the other. */
export async function runRange({ family, from, count, step, until }: Range): Promise<RangeResult> {
  const failures: Failure[] = [];
  const hashes: Record<number, string> = {};
  let [schedules, events, crashed] = [0, 0, 0];
  for (let number = from; number < from + count; number += step) {
    const outcome = await oneSchedule(family, number);
    schedules++;
    events += outcome.events;
    if (outcome.crashed) crashed++;
    if (schedules <= hashesKept) hashes[number] = outcome.traceHash;
    const { traceHash, violations } = outcome;
    if (violations.length > 0 && failures.length < mostFailures) failures.push({ family, number, traceHash, violations });
    if (violations.some(({ promise }) => promise === until)) break;
    // The machine's own events get their turn between two schedules.
    await setImmediate();
  }
  return { schedules, events, crashed, failures, hashes };
}

/** Runs the schedule with that number. */
export async function oneSchedule(family: Family, number: number, keepLines = false): ReturnType<typeof runSchedule> {
  const plan = planOf(family, number);
  const expectation = await expectationOf(plan);
  const outcome = await runSchedule(plan, { keepLines, expectation });
  return { ...outcome, violations: [...expectation.violations, ...outcome.violations] };
}
