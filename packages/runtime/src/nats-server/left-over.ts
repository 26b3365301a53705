import type { Clock } from '@redqueen/core';
import { existsSync, readFileSync } from 'node:fs';
import { commandLine, isAlive } from '../system/processes.ts';
import type { ServerFiles } from './server-config.ts';

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
