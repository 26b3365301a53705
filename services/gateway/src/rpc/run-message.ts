import type { RunInput } from '@redqueen/contract';
import type { RunRecord, RunState } from '@redqueen/core';
import type { Gateway } from '../gateway.ts';
import { updatesDone } from '../report/document.ts';
import { readReport, runFolder } from '../run-control/files.ts';

const statuses = {
  running: 'RUN_STATUS_RUNNING',
  stopping: 'RUN_STATUS_STOPPING',
  stopped: 'RUN_STATUS_STOPPED',
  finished: 'RUN_STATUS_FINISHED',
  failed: 'RUN_STATUS_FAILED',
} as const satisfies Record<RunState, string>;

/** Updates of runs that are over, by run and end: their reports are long, and are read once. */
const doneByRun = new Map<string, number>();

async function doneOf(gateway: Gateway, record: RunRecord): Promise<number> {
  const view = gateway.views.open(record.run);
  if (view) return updatesDone(view.projection, record);
  const key = `${record.run} ${record.endedAt}`;
  // A run that is over has a report; reading its whole stream again only to list it would take long.
  const done = doneByRun.get(key) ?? (await readReport(gateway.context.config.dataDir, record.run))?.updatesDone ?? 0;
  doneByRun.set(key, done);
  return done;
}

/** A run as the contract tells it. */
export async function runMessage(gateway: Gateway, record: RunRecord): Promise<RunInput> {
  const { run, recipe, seed, status, updates, startedAt, endedAt, error } = record;
  return {
    run,
    recipe: recipe.name,
    seed,
    status: statuses[status],
    updates,
    updatesDone: await doneOf(gateway, record),
    startedAt: new Date(startedAt).toISOString(),
    endedAt: endedAt === undefined ? '' : new Date(endedAt).toISOString(),
    error: error ?? '',
    recipeJson: JSON.stringify(recipe),
    folder: runFolder(gateway.context.config.dataDir, run),
  };
}
