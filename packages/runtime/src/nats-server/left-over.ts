import type { Clock } from '@redqueen/core';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { ServerFiles } from './server-config.ts';

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process; empty where it cannot be told. */
export function commandLine(pid: number): string {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

const politeMs = 5000;

/**
 * Ends a nats-server that still runs on this data folder because its launcher was killed: two servers on one store would ruin it.
 * Only a process whose command line names this very configuration file is touched.
 */
export async function endLeftOver(files: ServerFiles, clock: Clock): Promise<void> {
  if (!existsSync(files.pid)) return;
  const pid = Number(readFileSync(files.pid, 'utf8').trim());
  const isOurs = () => isAlive(pid) && commandLine(pid).includes(files.config);
  if (!Number.isInteger(pid) || pid <= 1 || !isOurs()) return;
  process.kill(pid, 'SIGTERM');
  const until = clock.now() + politeMs;
  while (isOurs()) {
    if (clock.now() > until) process.kill(pid, 'SIGKILL');
    await clock.sleep(20);
  }
}
