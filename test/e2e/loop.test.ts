import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { connect, type RedQueen, type RunReport } from '@redqueen/sdk';
import { dataFolder, lastJson, redqueen, serviceProcess, type Running } from './cluster.ts';

const folders: { remove(): void }[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

function freshFolder(): string {
  const folder = dataFolder();
  folders.push(folder);
  return folder.path;
}

/** A client of the cluster that the command launched. Comes once the run has been started. */
async function clientOf(command: Running): Promise<RedQueen> {
  const line = await command.line(/gateway: [\d.]+:\d+/);
  return connect(/gateway: ([\d.]+:\d+)/.exec(line)?.[1] as string);
}

/** A short run: few anchors, early and cheap. */
const patch = JSON.stringify({ gate: { perArm: 2 }, report: { perArm: 4 } });
const minutes = 60_000;

describe('the whole loop, as processes over a real nats-server', () => {
  test('a run learns, its services may be killed, nothing is lost or counted twice', { timeout: 4 * minutes }, async () => {
    const folder = freshFolder();
    const command = redqueen(folder, 'run', 'default', '--seed', '11', '--updates', '24', '--bus', 'nats', '--patch', patch, '--json');
    const client = await clientOf(command);
    const [run] = await client.runs.list();
    const victims = ['executor', 'reward-aggregator', 'policy', 'verifier'];
    for await (const progress of client.runs.watch(run!.run)) {
      const updates = progress.updates['executor/0'] ?? 0;
      const victim = updates >= 4 * (5 - victims.length) ? victims.shift() : undefined;
      if (victim) process.kill(serviceProcess(victim, folder), 'SIGKILL');
      // The command that launched the cluster ends with the run, and the cluster with it.
      if (victims.length === 0) break;
    }
    expect(victims).toEqual([]);
    client.close();
    const ended = await command.ended;
    const result = lastJson(ended);
    expect(ended.code).toBe(0);
    expect(result).toMatchObject({ seed: 11, updates: 24, status: 'finished' });
    const made = readdirSync(join(folder, 'runs', run!.run));
    expect(made).toEqual(expect.arrayContaining(['report.html', 'report.json']));
    expect(made.filter((name) => name.endsWith('.gguf')).length).toBeGreaterThanOrEqual(1);
    expect(readFileSync(join(folder, 'runs', run!.run, 'report.html'), 'utf8')).toContain('<svg');
    const report = JSON.parse(readFileSync(join(folder, 'runs', run!.run, 'report.json'), 'utf8')) as RunReport;
    // Every episode of 24 updates of 32 episodes is settled once; each had eight attempts.
    expect(report.settlements.settled).toBeGreaterThanOrEqual(24 * 32);
    expect(report.attempts.settled).toBeGreaterThanOrEqual(24 * 32 * 8);
    expect(report.attempts.settled).toBeLessThanOrEqual(report.attempts.sampled);
    expect(report.deadLetters).toEqual([]);
  });

  test('Ctrl-C stops in order and resume goes on to the same end', { timeout: 4 * minutes }, async () => {
    const folder = freshFolder();
    const command = redqueen(folder, 'run', 'default', '--seed', '12', '--updates', '16', '--bus', 'nats', '--patch', patch);
    const client = await clientOf(command);
    const run = (await client.runs.list())[0]!.run;
    for await (const { updates } of client.runs.watch(run)) if ((updates['executor/0'] ?? 0) >= 4) break;
    client.close();
    command.process.kill('SIGINT');
    const stopped = await command.ended;
    expect(stopped.code).toBe(130);
    expect(`${stopped.stdout}${stopped.stderr}`).toContain(`redqueen resume ${run}`);

    const resumed = await redqueen(folder, 'resume', run, '--bus', 'nats', '--json').ended;
    expect(resumed.code).toBe(0);
    expect(lastJson(resumed)).toMatchObject({ run, seed: 12, updates: 16, status: 'finished' });
  });
});

describe('the whole loop in one process', () => {
  test('the in-memory bus does the same', { timeout: 3 * minutes }, async () => {
    const folder = freshFolder();
    const ended = await redqueen(folder, 'run', 'default', '--seed', '13', '--updates', '8', '--bus', 'memory', '--patch', patch, '--json')
      .ended;
    expect(ended.code).toBe(0);
    expect(ended.stderr + ended.stdout).toContain('in-memory bus');
    expect(lastJson(ended)).toMatchObject({ seed: 13, updates: 8, status: 'finished' });
    expect(existsSync(join(folder, 'runs'))).toBe(true);
  });
});
