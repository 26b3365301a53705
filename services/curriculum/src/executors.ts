import { agentsOfRole, type Recipe } from '@redqueen/core';
import type { CurriculumState } from './state.ts';

/** What the curriculum heard of one executor's lineage. */
export interface ExecutorProgress {
  /** Versions that were decided on, refused ones included. */
  readonly version: number;
  /** It made its last update. */
  readonly finished: boolean;
}

/**
 * The state after news of an executor's lineage. Peers share the episodes, so the slowest of them sets the pace: slots may be opened once all of them have a
 * version, the capacity rule counts the versions of the one that has the fewest, and the run is over when all are done.
 */
export function executorHeard(
  recipe: Recipe,
  state: CurriculumState,
  agent: string,
  news: { readonly versions: number; readonly last: boolean },
): CurriculumState {
  const before = state.executors[agent] ?? { version: 0, finished: false };
  const executors = {
    ...state.executors,
    [agent]: { version: before.version + news.versions, finished: before.finished || news.last },
  };
  const all = agentsOfRole(recipe, 'executor').map((one) => executors[one]);
  return {
    ...state,
    executors,
    ready: all.every((one) => one !== undefined),
    finished: all.every((one) => one?.finished),
    version: Math.min(...all.map((one) => one?.version ?? 0)),
  };
}
