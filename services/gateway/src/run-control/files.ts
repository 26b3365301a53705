import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '@redqueen/core';
import { reportHtml } from '../report/html.ts';

/** The folder of a run: its report and its adapters. */
export function runFolder(dataDir: string, run: string): string {
  return join(dataDir, 'runs', run);
}

/** Writes a file as a whole or not at all. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
}

/** Writes report.json and report.html into the run's folder. Returns the folder. */
export async function writeReport(dataDir: string, report: RunReport): Promise<string> {
  const folder = runFolder(dataDir, report.run);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, 'report.html'), reportHtml(report));
  await writeWhole(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 1)}\n`);
  return folder;
}

/** The report of a run that is over, as it was written; undefined where there is none. */
export async function readReport(dataDir: string, run: string): Promise<RunReport | undefined> {
  const file = join(runFolder(dataDir, run), 'report.json');
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as RunReport) : undefined;
}

/** Name of an adapter's file: "executor/0" at version 12 is executor-0-v12.gguf. */
export function adapterName(agent: string, version: number): string {
  return `${agent.replaceAll('/', '-')}-v${version}.gguf`;
}

/** Writes an adapter into the run's folder. Returns its path. */
export async function writeAdapter(dataDir: string, run: string, name: string, gguf: Uint8Array): Promise<string> {
  const folder = runFolder(dataDir, run);
  await mkdir(folder, { recursive: true });
  const file = join(folder, name);
  await writeWhole(file, gguf);
  return file;
}
