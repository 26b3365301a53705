import { noFaults } from '@redqueen/testkit';
import { oracleOf, type Oracle } from './checks/ledger.ts';
import { records } from './cluster/recipes.ts';
import type { Plan } from './plan.ts';
import { runSchedule } from './schedule.ts';

/** What a record's run gives without faults. */
export interface Expectation {
  readonly oracle: Oracle;
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

/** What a plan's run must settle: a run of the same record without faults says so. Throws where that one breaks a promise itself. */
export async function expectationOf(plan: Plan): Promise<Expectation> {
  const record = plan.record % records.length;
  const before = known.get(record);
  if (before) return before;
  const { violations, stream } = await runSchedule(calmPlan(record));
  if (violations.length > 0) throw new Error(`without faults: ${JSON.stringify(violations)}`);
  const expectation = { oracle: oracleOf(stream) };
  known.set(record, expectation);
  return expectation;
}
