import { z } from 'zod';
import { recipeSchema } from './recipe.ts';
import { parseWith } from './schema-errors.ts';

/** The schema of a run's record. */
const runRecordSchema = z.strictObject({
  /** The run's id. */
  run: z.string().min(1),
  /** The recipe, every default filled in. */
  recipe: recipeSchema,
  seed: z.int().min(0).max(0xffffffff),
  /** Executor updates after which the run ends. */
  updates: z.int().min(1),
  status: z.enum(['running', 'stopping', 'stopped', 'finished', 'failed']),
  /** Milliseconds since the epoch, for people only. */
  startedAt: z.number(),
  /** Absent while the run goes on. */
  endedAt: z.number().optional(),
  /** Why it failed; absent otherwise. */
  error: z.string().optional(),
});

/** What every service knows of a run: one value in the bucket of runs, under the run's id. */
export type RunRecord = z.infer<typeof runRecordSchema>;

/** The states of a run. A stopped run can be resumed, a finished or failed one cannot. */
export type RunState = RunRecord['status'];

/** The record as JSON text. */
export function encodeRunRecord(record: RunRecord): string {
  return JSON.stringify(record);
}

/** The record that the JSON text holds. Throws `invalid_argument` naming what does not fit. */
export function decodeRunRecord(text: string): RunRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be long and says nothing about the run.
    parsed = undefined;
  }
  return parseWith(runRecordSchema, parsed, 'run record');
}
