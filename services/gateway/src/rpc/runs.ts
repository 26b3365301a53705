import { RedQueenError, type Recipe, type RunRecord } from '@redqueen/core';
import { recipeNames, requireRunId, requireRunKeys, requireStored, rewardKeysIn, type Handlers } from '@redqueen/runtime';
import { currentReport, liveReport, readyView, recordOf, type Gateway } from '../gateway.ts';
import { freshRunId } from '../run-control/run-control.ts';
import { requireWorkable } from '../recipe-check.ts';
import { isLive } from '../runs/views.ts';
import { runMessage } from './run-message.ts';

type RunHandlers = Pick<
  Handlers<'GatewayService'>,
  'StartRun' | 'StopRun' | 'ResumeRun' | 'ResolveRecipe' | 'ListRuns' | 'GetRun' | 'Report'
>;
type StartRequest = Parameters<RunHandlers['StartRun']>[0];

/** Whose signatures count in a run that starts now. Throws `failed_precondition` where a key is missing. */
function keysOf({ config: { signing } }: Gateway['context']): Pick<RunRecord, 'rewardKeys'> {
  return signing.rewards === 'off' ? {} : { rewardKeys: rewardKeysIn(signing.keysFolder) };
}

function newRecord(gateway: Gateway, request: StartRequest): RunRecord {
  const { context } = gateway;
  const recipe = gateway.recipe(request);
  const seed = request.seed ?? recipe.seed;
  const updates = request.updates ?? recipe.updates;
  if (updates < 1) throw new RedQueenError('invalid_argument', 'updates must be at least 1');
  const run = request.run === '' ? freshRunId(recipe.name, context.ids.next()) : request.run;
  requireRunId(run);
  return {
    run,
    recipe: { ...recipe, seed, updates },
    seed,
    updates,
    status: 'running',
    startedAt: context.clock.now(),
    ...keysOf(context),
  };
}

/** The stream exists before anybody hears of the run. */
async function startRun(gateway: Gateway, request: StartRequest): Promise<RunRecord> {
  const record = newRecord(gateway, request);
  await requireWorkable(gateway.context, record.recipe);
  await gateway.context.bus.openRun(record.run);
  await gateway.runs.create(record);
  gateway.context.logger.info({ run: record.run, seed: record.seed }, `run ${record.run} starts`);
  return record;
}

function stopped(record: RunRecord): RunRecord | undefined {
  if (record.status === 'running') return { ...record, status: 'stopping' };
  if (record.status === 'stopping' || record.status === 'stopped') return undefined;
  throw new RedQueenError('failed_precondition', `run ${record.run} is ${record.status}: there is nothing to stop`);
}

function resumed(record: RunRecord): RunRecord | undefined {
  if (isLive(record)) {
    if (record.status === 'running') return undefined;
    throw new RedQueenError('failed_precondition', `run ${record.run} is still stopping; resume it once it is stopped`);
  }
  if (record.status !== 'stopped') {
    throw new RedQueenError('failed_precondition', `run ${record.run} is ${record.status} and cannot be resumed; start a new one`);
  }
  const { endedAt: _, ...rest } = record;
  return { ...rest, status: 'running' };
}

/** RPCs that start, stop and describe runs. */
export function runHandlers(gateway: Gateway): RunHandlers {
  const answer = async (record: RunRecord) => ({ run: await runMessage(gateway, record) });
  const resume = (record: RunRecord): RunRecord | undefined => {
    const again = resumed(record);
    if (again) requireRunKeys(record, gateway.context.config.signing.keysFolder);
    return again;
  };
  const workable = async (request: Parameters<Gateway['recipe']>[0]): Promise<Recipe> => {
    const recipe = gateway.recipe(request);
    await requireWorkable(gateway.context, recipe);
    return recipe;
  };
  return {
    StartRun: async (request) => answer(await startRun(gateway, request)),
    StopRun: async ({ run }) => answer(await recordOf(gateway, run).then(() => gateway.runs.update(run, stopped))),
    ResumeRun: async ({ run }) => {
      const { bus, config } = gateway.context;
      await requireStored(bus, config.dataDir, await recordOf(gateway, run));
      return answer(await gateway.runs.update(run, resume));
    },
    ResolveRecipe: async (request) => ({
      recipeJson: JSON.stringify(await workable(request)),
      recipes: recipeNames(gateway.context.config.recipesFolder),
    }),
    ListRuns: async () => ({ runs: await Promise.all((await gateway.runs.list()).map((record) => runMessage(gateway, record))) }),
    GetRun: async ({ run }) => answer(await recordOf(gateway, run)),
    Report: async ({ run, replay }, { signal }) => {
      const record = await recordOf(gateway, run);
      const report = replay
        ? await liveReport(gateway, await readyView(gateway, record, signal))
        : await currentReport(gateway, record, signal);
      return { json: JSON.stringify(report) };
    },
  };
}
