import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { allProcesses, familyOf } from '../../../services/gateway/src/cost/processes.ts';
import type { Load } from './figure.ts';

/** Seconds of processor time since the machine started, over all processors. */
export interface ProcessorTimes {
  /** Everything that was not idle, without what the hypervisor took. */
  readonly busy: number;
  readonly steal: number;
  readonly all: number;
}

/** What the system says at one moment. */
export interface LoadSample {
  /** Undefined where there is no /proc/stat. */
  readonly times: ProcessorTimes | undefined;
  /** Seconds of processor time of this process and all its descendants, ended ones included. */
  readonly own: number;
  /** Seconds in which some process waited for a processor; undefined where the kernel does not count them. */
  readonly waited: number | undefined;
  /** Seconds of a monotonic clock. */
  readonly at: number;
}

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const ticks = 100;

/** Reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (guests are part of user). */
export function parseProcessorTimes(text: string): ProcessorTimes | undefined {
  const fields = /^cpu\s+([\d ]+)$/m.exec(text)?.[1]?.trim().split(/ +/).map(Number);
  if (fields === undefined || fields.length < 8) return undefined;
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, softInterrupts = 0, steal = 0] = fields;
  const busy = user + nice + system + interrupts + softInterrupts;
  return { busy: busy / ticks, steal: steal / ticks, all: (busy + idle + waiting + steal) / ticks };
}

/** Reads the total of the "some" line of /proc/pressure/cpu, in seconds. */
export function parsePressure(text: string): number | undefined {
  const total = /^some .*total=(\d+)/m.exec(text)?.[1];
  return total === undefined ? undefined : Number(total) / 1e6;
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** What the system says now. */
export async function sampleLoad(): Promise<LoadSample> {
  const [stat, pressure, processes] = await Promise.all([textOf('/proc/stat'), textOf('/proc/pressure/cpu'), allProcesses()]);
  return {
    times: parseProcessorTimes(stat),
    own: familyOf(process.pid, processes).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    waited: parsePressure(pressure),
    at: performance.now() / 1000,
  };
}

/** The load between two moments; `average` is the system's own load average. */
export function loadBetween(before: LoadSample, after: LoadSample, average: number): Load {
  const pressure = before.waited === undefined || after.waited === undefined ? Number.NaN : after.waited - before.waited;
  const waiting = Math.min(1, pressure / (after.at - before.at));
  const known = { average, steal: Number.NaN, pressure: waiting, foreign: Number.NaN };
  if (before.times === undefined || after.times === undefined) return known;
  const all = after.times.all - before.times.all;
  const share = (seconds: number): number => (all <= 0 ? 0 : Math.min(1, Math.max(0, seconds / all)));
  return {
    ...known,
    steal: share(after.times.steal - before.times.steal),
    foreign: share(after.times.busy - before.times.busy - (after.own - before.own)),
  };
}

/** What work gave, and what else the machine did meanwhile. */
export interface UnderLoad<Result> {
  readonly result: Result;
  readonly load: Load;
}

/** Runs work and tells what else the machine did meanwhile. */
export async function underLoad<Result>(work: () => Promise<Result>): Promise<UnderLoad<Result>> {
  const before = await sampleLoad();
  const result = await work();
  return { result, load: loadBetween(before, await sampleLoad(), loadavg()[0] ?? Number.NaN) };
}
