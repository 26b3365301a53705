import type { Clock, RedQueenError } from '@redqueen/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { supervise, type Life, type Supervisor } from './supervisor.ts';

interface FakeLife extends Life {
  readonly end: (how: { reason: string; hopeless: boolean }) => void;
}

let now: number;
let lives: FakeLife[];
let pauses: number[];
let said: string[];
let failures: RedQueenError[];
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Time passes only when something sleeps. */
const clock: Clock = {
  now: () => now,
  async sleep(ms, signal) {
    pauses.push(ms);
    await turn();
    signal?.throwIfAborted();
    now += ms;
  },
};

async function begin(): Promise<Life> {
  const { promise: ended, resolve: end } = Promise.withResolvers<{ reason: string; hopeless: boolean }>();
  const life: FakeLife = { pid: 100 + lives.length, ended, end, stop: async () => end({ reason: 'told to', hopeless: false }) };
  lives.push(life);
  return life;
}

async function start(): Promise<Supervisor> {
  return supervise({ name: 'executor', begin, clock, say: (line) => said.push(line), failed: (error) => failures.push(error) });
}

/** Ends the newest life and waits until the supervisor has dealt with it. */
async function crash(reason = 'crashed', hopeless = false): Promise<void> {
  lives.at(-1)?.end({ reason, hopeless });
  for (let step = 0; step < 5; step++) await turn();
}

beforeEach(() => {
  now = 0;
  lives = [];
  pauses = [];
  said = [];
  failures = [];
});

describe('a supervisor', () => {
  it('starts a process again with growing pauses, one line each, and gives it up in the end', async () => {
    const supervisor = await start();
    for (let failure = 0; failure < 7; failure++) await crash();
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000]);
    expect(said[0]).toBe('executor ended (crashed); it starts again in 0.25 s.');
    expect(said).toHaveLength(6);
    expect(lives).toHaveLength(7);
    expect(failures.map(({ message }) => message)).toEqual(['executor cannot be kept up: crashed']);
    expect(supervisor.pid).toBeUndefined();
  });

  it('forgets old failures after a good life', async () => {
    await start();
    for (let failure = 0; failure < 20; failure++) {
      now += 31_000;
      await crash();
    }
    expect(new Set(pauses)).toEqual(new Set([250]));
    expect(failures).toEqual([]);
  });

  it('gives up at once where another start cannot help', async () => {
    await start();
    await crash('bus.knid: unknown key', true);
    expect(lives).toHaveLength(1);
    expect(failures[0]?.message).toBe('executor cannot be kept up: bus.knid: unknown key');
  });

  it('stops for good, also during a pause', async () => {
    const first = await start();
    expect(first.pid).toBe(100);
    await first.stop();
    const second = await start();
    lives.at(-1)?.end({ reason: 'crashed', hopeless: false });
    while (pauses.length === 0) await Promise.resolve();
    await second.stop();
    expect(lives).toHaveLength(2);
    expect(failures).toEqual([]);
  });

  it('tries again when a later start throws', async () => {
    let starts = 0;
    const failing = async () => {
      if (starts++ === 1) throw new Error('the port is in use');
      return begin();
    };
    const supervisor = await supervise({
      name: 'nats-server',
      begin: failing,
      clock,
      say: (line) => said.push(line),
      failed: (error) => failures.push(error),
    });
    await crash();
    expect(said).toEqual([
      'nats-server ended (crashed); it starts again in 0.25 s.',
      'nats-server ended (the port is in use); it starts again in 0.5 s.',
    ]);
    expect(supervisor.pid).toBe(101);
    await supervisor.stop();
    expect(failures).toEqual([]);
  });
});
