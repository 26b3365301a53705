import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedQueenError, type RunReport } from '@redqueen/core';
import type { ArchivedDocument } from '@redqueen/runtime';
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

/** The files of a run's folder with their sizes; none where there is no folder. */
export async function runFiles(dataDir: string, run: string): Promise<{ readonly name: string; readonly bytes: number }[]> {
  const folder = runFolder(dataDir, run);
  const names = existsSync(folder) ? await readdir(folder) : [];
  const whole = names.filter((name) => !name.endsWith('.part')).toSorted();
  return await Promise.all(whole.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
}

/** The files of a run's folder, one after the other. */
export async function* runDocuments(dataDir: string, run: string): AsyncGenerator<ArchivedDocument> {
  for (const { name } of await runFiles(dataDir, run)) yield { name, bytes: await readFile(join(runFolder(dataDir, run), name)) };
}

/** Writes a file into the run's folder. Throws `invalid_argument` for a name that leads elsewhere. */
export async function writeDocument(dataDir: string, run: string, name: string, bytes: Uint8Array): Promise<void> {
  if (!/^[-\w][-.\w]*$/.test(name)) throw new RedQueenError('invalid_argument', `${JSON.stringify(name)} is no name of a file`);
  const folder = runFolder(dataDir, run);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, name), bytes);
}

/** Removes a run's folder. */
export async function removeRunFolder(dataDir: string, run: string): Promise<void> {
  await rm(runFolder(dataDir, run), { recursive: true, force: true });
}

/** Name of an adapter's file: "executor/0" at version 12 is executor-0-v12.gguf. */
export function adapterName(agent: string, version: number): string {
  return `${agent.replaceAll('/', '-')}-v${version}.gguf`;
}

/** Writes an adapter into the run's folder. Returns its path. */
export async function writeAdapter(dataDir: string, run: string, name: string, gguf: Uint8Array): Promise<string> {
  await writeDocument(dataDir, run, name, gguf);
  return join(runFolder(dataDir, run), name);
}
