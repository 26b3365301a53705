import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { benches } from './benches/index.ts';
import type { Figure } from './harness/figure.ts';
import { type Machine, thisMachine } from './machine.ts';

/** A figure and the day that it was measured. */
export interface RecordedFigure extends Figure {
  /** ISO date. */
  readonly date: string;
}

/** The figures that were seen on one machine. */
export interface BenchRecord {
  readonly machine: Machine;
  readonly figures: readonly RecordedFigure[];
}

/** Where the record is kept. */
export const recordFile = join(projectFolder, 'docs/bench.json');

/** The record in the repository; undefined where nothing was recorded yet. */
export function readRecord(): BenchRecord | undefined {
  let text: string;
  try {
    text = readFileSync(recordFile, 'utf8');
  } catch {
    return undefined;
  }
  return JSON.parse(text) as BenchRecord;
}

/** Writes a record. */
export function writeRecord(record: BenchRecord): void {
  writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * The record with new figures in the place of older ones of the same id, in the order of the benches. Figures of another machine, and of benches that
 * are no more, are left out: one table is of one machine.
 */
export function withFigures(
  record: BenchRecord | undefined,
  figures: readonly Figure[],
  date: string,
  machine: Machine = thisMachine(),
): BenchRecord {
  const same = record !== undefined && record.machine.processor === machine.processor && record.machine.cores === machine.cores;
  const rows = new Map((same ? record.figures : []).map((figure) => [figure.id, figure]));
  for (const figure of figures) rows.set(figure.id, { ...figure, date });
  return { machine, figures: benches.flatMap(({ id }) => rows.get(id) ?? []) };
}
