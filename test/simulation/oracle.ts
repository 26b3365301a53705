import { noFaults } from '@redqueen/testkit';
import { oracleOf, type Oracle } from './checks/ledger.ts';
import type { Violation } from './checks/witness.ts';
import { records } from './cluster/recipes.ts';
import type { Plan } from './plan.ts';
import { runSchedule } from './schedule.ts';

/** What a record's run gives without faults. */
export interface Expectation {
  readonly oracle: Oracle;
  /** Promises that are broken without any fault. */
  readonly violations: readonly Violation[];
}

const known = new Map<number, Expectation>();

/** A schedule without any fault. */
export function calmPlan(record: number): Plan {
  return {
    family: 'any',
    number: 0,
    seed: 0,
    record,
    faults: noFaults,
    repetition: { rate: 0, withinMs: 0 },
    snapshotMessages: 200,
    concurrency: 16,
    doubled: [],
    crashPoint: undefined,
    blows: [],
  };
}

/** What a plan's run must settle: a run of the same record without faults says so. */
export async function expectationOf(plan: Plan): Promise<Expectation> {
  const record = plan.record % records.length;
  const before = known.get(record);
  if (before) return before;
  const { violations, stream } = await runSchedule(calmPlan(record));
  const expectation = { oracle: oracleOf(stream), violations };
  known.set(record, expectation);
  return expectation;
}
