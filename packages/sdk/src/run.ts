import type { Run, RunStatus } from '@redqueen/contract';
import type { Recipe, RunState } from '@redqueen/core';

const states: Readonly<Record<RunStatus, RunState>> = {
  RUN_STATUS_UNSPECIFIED: 'failed',
  RUN_STATUS_RUNNING: 'running',
  RUN_STATUS_STOPPING: 'stopping',
  RUN_STATUS_STOPPED: 'stopped',
  RUN_STATUS_FINISHED: 'finished',
  RUN_STATUS_FAILED: 'failed',
};

/** A run as the gateway knows it. */
export interface RunInfo extends Omit<Run, 'status' | 'recipeJson'> {
  readonly status: RunState;
  /** The resolved recipe. */
  readonly resolvedRecipe: Recipe;
}

/** Whether a run has ended, for now or for good. */
export function isOver(run: RunInfo): boolean {
  return run.status !== 'running' && run.status !== 'stopping';
}

/** A run as told, with its state and recipe readable. */
export function runInfo(run: Run): RunInfo {
  const { recipeJson, status, ...rest } = run;
  return { ...rest, status: states[status], resolvedRecipe: JSON.parse(recipeJson) as Recipe };
}
