import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RedQueenError, type RedQueen, type RunInfo, type RunReport } from '@redqueen/sdk';
import { exitCodes } from './exit-codes.ts';
import { followRun, stopRun } from './follow.ts';
import { heldOutJson, heldOutTable } from './render/held-out.ts';
import { idleText } from './render/idle.ts';
import type { Terminal } from './terminal.ts';

/** What was made of a run, for a person. */
async function madeFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const wanted = names.filter((name) => name === 'report.html' || name === 'report.json' || name.endsWith('.gguf'));
  return wanted.sort().map((name) => join(folder, name));
}

/** The one line of JSON with which `--json` ends. */
async function resultLine(info: RunInfo, report: RunReport): Promise<string> {
  const files = await madeFiles(info.folder);
  return JSON.stringify({
    run: info.run,
    recipe: info.recipe,
    seed: info.seed,
    updates: report.updatesDone,
    status: info.status,
    seconds: Math.round(report.elapsedSeconds * 10) / 10,
    sampledTokens: report.tokens.sampled,
    trainedTokens: report.tokens.trained,
    idle: report.cost.device?.idle ?? null,
    heldOut: heldOutJson(report),
    report: files.find((file) => file.endsWith('report.html')) ?? '',
    adapters: files.filter((file) => file.endsWith('.gguf')),
  });
}

/** Prints what came of a run: the table for a person, or the line of JSON. */
export async function printResult(
  client: RedQueen,
  info: RunInfo,
  terminal: Terminal,
  options: { readonly json?: boolean; readonly families?: boolean },
): Promise<void> {
  const report = await client.report(info.run);
  if (options.json) return terminal.print(await resultLine(info, report));
  terminal.print();
  for (const line of heldOutTable(report, options.families ?? false)) terminal.print(line);
  terminal.print(
    'n: held-out items of the second measurement; in brackets the 95 % Wilson interval in percent; change in points where it is percent.',
  );
  for (const line of idleText(report)) terminal.print(line);
  const files = await madeFiles(info.folder);
  if (files.length > 0) terminal.print(`\nMade:\n${files.map((file) => `  ${file}`).join('\n')}`);
}

async function interrupted(client: RedQueen, run: string, terminal: Terminal): Promise<RunInfo> {
  terminal.say(`Stopping run ${run} in order …`);
  const info = await stopRun(client, run);
  if (info.status === 'stopped') terminal.say(`Run ${run} is stopped. \`redqueen resume ${run}\` goes on from where it was.`);
  return info;
}

/**
 * Follows a run to its end, or stops it when the signal aborts. Returns how it ended.
 * Throws `internal` with the run's own error where it failed.
 */
export async function runToEnd(client: RedQueen, run: string, terminal: Terminal, signal: AbortSignal): Promise<RunInfo> {
  let info: RunInfo;
  try {
    info = await followRun(client, run, terminal, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    info = await interrupted(client, run, terminal);
  }
  if (info.status === 'failed') throw new RedQueenError('internal', `run ${run} failed: ${info.error}`);
  return info;
}

/** The exit code of a run that ended like that. */
export function exitCodeOfRun(info: RunInfo): number {
  return info.status === 'finished' ? exitCodes.done : exitCodes.interrupted;
}
