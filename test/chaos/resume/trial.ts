import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Progress, type RedQueen } from '@redqueen/sdk';
import { dataFolder, lastJson, redqueen, type Running } from '../../e2e/cluster.ts';
import { killAll } from './kill-all.ts';
import { ledgerOf, type Ledger } from './ledger.ts';

/** When everything is killed. */
export type KillPoint =
  /** The run is recorded; nothing has been done. */
  | { readonly when: 'started' }
  /** So many milliseconds after the executor's update with that number was seen. */
  | { readonly when: 'update'; readonly update: number; readonly delayMs: number }
  /** While the run is being stopped in order. */
  | { readonly when: 'stopping'; readonly update: number }
  /** All updates are made; the last look at the held-out tasks is under way. */
  | { readonly when: 'last-update' }
  /** The report is being written, or has just been. */
  | { readonly when: 'report' };

/** A kill point for a person. */
export function pointText(point: KillPoint): string {
  if (point.when === 'update') return `${point.delayMs} ms after update ${point.update}`;
  return point.when === 'stopping' ? `while stopping after update ${point.update}` : point.when;
}

/** A small run: few anchors, early and cheap. */
const patch = JSON.stringify({ gate: { perArm: 2 }, report: { perArm: 4 } });

/** What to run. */
export interface TrialOptions {
  readonly seed: number;
  readonly updates: number;
}

/** A run to its end, with or without everything being killed on the way. */
export interface Trial {
  readonly ledger: Ledger;
  /** Processes killed. */
  readonly killed: number;
  /** What `resume` answered. */
  readonly status: string;
}

function start(folder: string, { seed, updates }: TrialOptions): Running {
  return redqueen(folder, 'run', 'default', '--seed', `${seed}`, '--updates', `${updates}`, '--bus', 'nats', '--patch', patch, '--json');
}

async function until(client: RedQueen, run: string, reached: (progress: Progress) => boolean): Promise<void> {
  for await (const progress of client.runs.watch(run)) if (reached(progress)) return;
}

/** A run under way, and the command that launched its cluster. */
interface Launched {
  readonly command: Running;
  readonly client: RedQueen;
  readonly run: string;
  readonly folder: string;
}

/** Waits for the moment; the command must still be under way then. */
async function reach({ command, client, run, folder }: Launched, point: KillPoint, updates: number): Promise<void> {
  const made = (count: number) => until(client, run, (progress) => (progress.updates['executor/0'] ?? 0) >= count);
  switch (point.when) {
    case 'started':
      return;
    case 'update':
      await made(point.update);
      return await sleep(point.delayMs);
    case 'stopping':
      await made(point.update);
      command.process.kill('SIGINT');
      return await until(client, run, ({ run: { status } }) => status !== 'running');
    case 'last-update':
      return await made(updates);
    case 'report': {
      const report = join(folder, 'runs', run, 'report.html');
      while (!existsSync(report) && !existsSync(`${report}.part`)) await sleep(2);
    }
  }
}

/** Starts a run, kills everything at the point, resumes it to its end, and reads its ledger. Without a point it is not interrupted. */
export async function runTrial(options: TrialOptions, point?: KillPoint): Promise<Trial> {
  const folder = dataFolder();
  try {
    const command = start(folder.path, options);
    const line = await command.line(/gateway: [\d.]+:\d+/);
    const client = connect(/gateway: ([\d.]+:\d+)/.exec(line)?.[1] as string);
    const run = (await client.runs.list())[0]!.run;
    let killed = 0;
    if (point) {
      await reach({ command, client, run, folder: folder.path }, point, options.updates);
      killed = await killAll(command.process.pid ?? 0);
    }
    const ended = await command.ended;
    client.close();
    const result = point ? await redqueen(folder.path, 'resume', run, '--bus', 'nats', '--json').ended : ended;
    return { ledger: await ledgerOf(folder.path, run), killed, status: `${lastJson(result)['status'] ?? lastJson(result)['error']}` };
  } finally {
    folder.remove();
  }
}

/**
 * What of a resumed run differs from an uninterrupted one of the same recipe, seed and length, besides what timing decides. The executor's updates, versions
 * and batches are exact: a run ends with them. How many episodes are settled by then, the capacity rule bounds; how far the other agents come, it leaves open.
 */
export function deviations({ record, counts }: Ledger): string[] {
  const { recipe, updates } = record;
  const { batch, updatesPerVersion } = recipe.roles.executor;
  const wanted = { updates, versions: 1 + Math.ceil(updates / updatesPerVersion), batches: updates };
  const exact = (['updates', 'versions', 'batches'] as const).flatMap((what) => {
    const found = counts[what]['executor/0'];
    return found === wanted[what] ? [] : [`executor/0: ${found} ${what} instead of ${wanted[what]}`];
  });
  const open = (recipe.maxStaleness + 1) * batch * updatesPerVersion;
  const least = updates * batch;
  const { settled } = counts;
  const episodes =
    settled >= least && settled <= least + open ? [] : [`${settled} episodes settled, not between ${least} and ${least + open}`];
  return [...exact, ...episodes];
}
