import { readdir, readFile } from 'node:fs/promises';
import type { ProcessCost } from '@redqueen/core';

/** A process as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of itself and of the children it has waited for. */
  readonly cpuSeconds: number;
}

/** Clock ticks a second in /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const ticks = 100;

/** Reads one line of /proc/<pid>/stat. The command may hold spaces and brackets, hence from its last bracket on. */
export function parseStat(pid: number, text: string): ProcessEntry {
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const at = (index: number): number => fields[index] ?? 0;
  return { pid, parent: at(1), cpuSeconds: (at(11) + at(12) + at(13) + at(14)) / ticks };
}

/** Proportional set size in bytes from /proc/<pid>/smaps_rollup: shared pages are counted once over all processes that share them. */
export function parsePss(text: string): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

/** All processes; empty where there is no /proc. A process that ends meanwhile is left out. */
export async function allProcesses(): Promise<ProcessEntry[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.map(Number).filter(Number.isInteger);
  const entries = await Promise.all(
    pids.map((pid) =>
      readFile(`/proc/${pid}/stat`, 'utf8')
        .then((text) => parseStat(pid, text))
        .catch(() => undefined),
    ),
  );
  return entries.filter((entry) => entry !== undefined);
}

/** A process and everything below it. */
export function familyOf(pid: number, processes: readonly ProcessEntry[]): ProcessEntry[] {
  const own = processes.filter((entry) => entry.pid === pid);
  return [...own, ...processes.filter((entry) => entry.parent === pid).flatMap((child) => familyOf(child.pid, processes))];
}

/** What a process of a local cluster is called, from its command line; undefined for a stranger. */
export function processName(commandLine: string): string | undefined {
  const service = /services[/\\]([a-z-]+)[/\\]src[/\\]main\.ts/.exec(commandLine)?.[1];
  if (service !== undefined) return service;
  if (/nats-server/.test(commandLine)) return 'nats-server';
  return /redqueen(\.mjs)?|cli[/\\]src[/\\]main\.ts/.test(commandLine) ? 'command line' : undefined;
}

async function commandLineOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
}

async function memoryOf(pid: number): Promise<number> {
  return parsePss(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''));
}

async function costOf(service: string, family: readonly ProcessEntry[]): Promise<ProcessCost> {
  const memory = await Promise.all(family.map(({ pid }) => memoryOf(pid)));
  return {
    service,
    cpuSeconds: family.reduce((sum, entry) => sum + entry.cpuSeconds, 0),
    memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/**
 * What each process of the local cluster costs whose launcher is `launcher`: the launcher itself and each of its children with what that has started.
 * Empty where there is no /proc.
 */
export async function processCosts(launcher: number): Promise<ProcessCost[]> {
  const processes = await allProcesses();
  const children = processes.filter(({ parent }) => parent === launcher);
  const named = await Promise.all(
    [...processes.filter(({ pid }) => pid === launcher), ...children].map(async (entry) => ({
      entry,
      name: processName(await commandLineOf(entry.pid)),
    })),
  );
  const costs = named.flatMap(({ entry, name }) => {
    if (name === undefined) return [];
    return [costOf(name, entry.pid === launcher ? [entry] : familyOf(entry.pid, processes))];
  });
  return (await Promise.all(costs)).filter(({ memoryBytes }) => memoryBytes > 0);
}
