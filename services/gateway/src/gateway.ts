import { RedQueenError, type Recipe, type RunRecord, type RunReport } from '@redqueen/core';
import type { DeadLetters, Runs, ServiceContext } from '@redqueen/runtime';
import type { ClusterCosts } from './cost/costs.ts';
import { reportOf } from './report/document.ts';
import { readReport } from './run-control/files.ts';
import type { RunView } from './runs/view.ts';
import { isLive, type RunViews } from './runs/views.ts';
import { reportedLetters } from './runs/dead-letters.ts';

/** What every part of the gateway shares. */
export interface Gateway {
  readonly context: ServiceContext;
  readonly runs: Runs;
  readonly views: RunViews;
  readonly costs: ClusterCosts;
  readonly deadLetters: DeadLetters;
  /** A recipe by name, path or text, patched and with every default filled in. Throws with the message for the person who wrote it. */
  readonly recipe: (source: RecipeSource) => Recipe;
  /** Address of the live page; empty until it is served. */
  pageAddress: string;
}

/** Where a recipe comes from. */
export interface RecipeSource {
  readonly recipe: string;
  readonly recipeYaml: string;
  readonly patchJson: string;
}

/** A run's record. Throws `not_found` with what to do. */
export async function recordOf({ runs }: Gateway, run: string): Promise<RunRecord> {
  const record = run === '' ? undefined : await runs.get(run);
  if (record) return record;
  throw new RedQueenError('not_found', `there is no run ${JSON.stringify(run)}; \`redqueen runs\` lists them`);
}

/** The view of a run, caught up with its stream. */
export async function readyView(gateway: Gateway, record: RunRecord, signal?: AbortSignal): Promise<RunView> {
  const view = gateway.views.of(record);
  await view.ready(signal);
  return view;
}

/** The report of a run from its stream as far as it goes now. */
export async function liveReport(gateway: Gateway, view: RunView): Promise<RunReport> {
  const cost = await gateway.costs.of(view.record.run);
  return reportOf(view.record, view.projection, { cost, deadLetters: await reportedLetters(gateway.deadLetters, view.record.run) });
}

/** The report of a run: as written when it is over, otherwise as it stands. */
export async function currentReport(gateway: Gateway, record: RunRecord, signal?: AbortSignal): Promise<RunReport> {
  const written = isLive(record) ? undefined : await readReport(gateway.context.config.dataDir, record.run);
  return written && written.status === record.status ? written : liveReport(gateway, await readyView(gateway, record, signal));
}
