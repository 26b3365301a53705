import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandLine, isAlive } from './processes.ts';

it('this process is alive and known by its command, one that never was is not', () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(commandLine(process.pid)).toContain('node');
  expect(isAlive(2 ** 30)).toBe(false);
  expect(commandLine(2 ** 30)).toBe('');
});

it.skipIf(!existsSync('/proc/self/stat'))('a child that ended but was never collected is dead', async () => {
  // The shell's child ends once the shell has become a sleep, which never asks after it.
  const child = "sh -c 'until grep -q sleep /proc/$PPID/comm; do :; done'";
  const parent = spawn('sh', ['-c', `${child} & echo $!; exec sleep 60`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const zombie = Number(chunk.toString());
  while (isAlive(zombie)) await new Promise(setImmediate);
  expect(existsSync(`/proc/${zombie}/stat`)).toBe(true);
  parent.kill('SIGKILL');
});
