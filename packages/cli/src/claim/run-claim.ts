import { isOver, RedQueenError, type RedQueen, type Recipe, type RunInfo, type StartOptions } from '@redqueen/sdk';
import { runToEnd } from '../run-to-end.ts';
import type { Terminal } from '../terminal.ts';
import { armRuns, type ArmRun, type ClaimOptions } from './arms.ts';
import type { ArmResult } from './evaluate.ts';

/** What a claim is run with. */
export interface ClaimContext {
  readonly client: RedQueen;
  readonly source: Pick<StartOptions, 'recipe' | 'recipeYaml'>;
  /** JSON merge patch on the recipe, below that of each arm. */
  readonly patch: unknown;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function known(client: RedQueen, run: string): Promise<RunInfo | undefined> {
  try {
    return await client.runs.get(run);
  } catch (error) {
    if (RedQueenError.from(error).code === 'not_found') return undefined;
    throw error;
  }
}

/**
 * The run of an arm that did not fail, or the id that is free for it: a claim that is run again tries again what failed. A run that was to end at another
 * number of tokens is none of this claim's: the first arm was changed meanwhile.
 */
async function place(
  client: RedQueen,
  run: string,
  limit: number | undefined,
): Promise<{ readonly run: string; readonly info: RunInfo | undefined }> {
  for (let attempt = 1; ; attempt++) {
    const id = attempt === 1 ? run : `${run}-${attempt}`;
    const info = await known(client, id);
    const other = limit !== undefined && info !== undefined && info.resolvedRecipe.maxSampledTokens !== limit;
    if (info?.status !== 'failed' && !other) return { run: id, info };
  }
}

function tokensOf(results: readonly ArmResult[], entry: ArmRun): number {
  const twin = results.find(({ seed, arm }) => seed === entry.seed && arm !== entry.arm && arm === results[0]?.arm);
  if (twin?.report) return twin.report.tokens.sampled;
  throw new RedQueenError(
    'failed_precondition',
    `arm ${entry.arm} needs the tokens of the first arm's run with seed ${entry.seed}, which did not finish`,
  );
}

async function armRun(context: ClaimContext, entry: ArmRun, results: readonly ArmResult[]): Promise<ArmResult> {
  const { client, source, terminal, signal } = context;
  const limit = entry.equalTokens ? tokensOf(results, entry) : undefined;
  const { run, info } = await place(client, entry.run, limit);
  if (!info) {
    const updates = entry.updates === undefined ? {} : { updates: entry.updates };
    const patch = [context.patch, entry.patch, limit === undefined ? {} : { maxSampledTokens: limit }];
    await client.runs.start({ ...source, run, seed: entry.seed, patch, ...updates });
  } else if (info.status === 'stopped') await client.runs.resume(run);
  const ended = info && isOver(info) && info.status === 'finished' ? info : await runToEnd(client, run, terminal, signal);
  if (ended.status !== 'finished')
    throw new RedQueenError('cancelled', `the claim was interrupted in ${run}; the same command goes on from there`);
  return { arm: entry.arm, seed: entry.seed, run, error: '', report: await client.report(run) };
}

/** Runs every arm with every seed, one after another; runs that were finished before are taken as they are. A run that fails is recorded as such. */
export async function runClaim(context: ClaimContext, recipe: Recipe, options: ClaimOptions): Promise<ArmResult[]> {
  const entries = armRuns(recipe, options);
  // A patch that does not fit is found now and not after an hour.
  for (const { patch } of entries) await context.client.recipe({ ...context.source, patch: [context.patch, patch] });
  const results: ArmResult[] = [];
  for (const [index, entry] of entries.entries()) {
    context.terminal.say(`[${index + 1}/${entries.length}] ${entry.arm}, seed ${entry.seed}: run ${entry.run}`);
    try {
      results.push(await armRun(context, entry, results));
    } catch (error) {
      const { code, message } = RedQueenError.from(error);
      if (context.signal.aborted || code === 'cancelled' || code === 'unavailable') throw error;
      context.terminal.say(`  did not finish: ${message}`);
      results.push({ arm: entry.arm, seed: entry.seed, run: entry.run, error: message });
    }
  }
  return results;
}
