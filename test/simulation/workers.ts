import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Range, RangeResult } from './range.ts';

const run = promisify(execFile);
const worker = join(import.meta.dirname, 'worker.ts');

/** Runs a range in a process of its own; on a broken build where one is named. Rejects where the process fails, e.g. because the text to break is not there. */
export async function inProcess(range: Range & { readonly broken?: string }): Promise<RangeResult> {
  const { stdout } = await run(process.execPath, [worker, JSON.stringify(range)], { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as RangeResult;
}

/** Spreads a range over processes. */
export async function inProcesses(range: Omit<Range, 'step'>, processes: number): Promise<RangeResult> {
  const { from, count } = range;
  const shares = Array.from({ length: processes }, (_, share) =>
    inProcess({ ...range, from: from + share, count: Math.max(0, count - share), step: processes }),
  );
  const results = await Promise.all(shares);
  const sum = (of: (result: RangeResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  return {
    schedules: sum((result) => result.schedules),
    events: sum((result) => result.events),
    crashed: sum((result) => result.crashed),
    failures: results.flatMap((result) => result.failures).sort((a, b) => a.number - b.number),
    hashes: Object.assign({}, ...results.map((result) => result.hashes)) as Record<number, string>,
  };
}
