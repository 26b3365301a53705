import { RedQueenError, type Clock } from '@redqueen/core';
import { silentLogger } from '@redqueen/runtime';
import { afterEach, expect, it } from 'vitest';
import { SimulatedDevice } from '../testing/simulated-device.ts';
import { DeviceHost, type StartProcess } from './host.ts';

/** Pauses that a test ends by hand. */
class HeldClock implements Clock {
  readonly pauses: number[] = [];
  #wake: () => void = () => {};

  now(): number {
    return 0;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.pauses.push(ms);
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }

  wake(): void {
    this.#wake();
  }
}

const clock = new HeldClock();
const hosts: DeviceHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  clock.pauses.length = 0;
});

function hostOf(start: StartProcess): DeviceHost {
  const host = new DeviceHost({ modelPath: '/models/a.gguf', threads: 2, start, clock, logger: silentLogger });
  hosts.push(host);
  return host;
}

/** Lets everything go on that waits for nothing. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

it('starts the device again when it dies, with growing pauses, and says meanwhile that it is lost', async () => {
  const devices: SimulatedDevice[] = [];
  const host = hostOf(async () => {
    devices.push(new SimulatedDevice());
    return devices.at(-1)!.process();
  });
  expect(host.lost).toBe(false);
  expect((await host.running()).generation).toBe(1);
  for (let death = 1; death <= 3; death++) {
    devices.at(-1)!.die();
    await settle();
    expect(host.lost).toBe(true);
    const waiting = host.running();
    clock.wake();
    expect((await waiting).generation).toBe(death + 1);
    expect(host.lost).toBe(false);
  }
  expect(clock.pauses).toEqual([100, 200, 400]);
});

it('tries again after a start that failed for the moment', async () => {
  let starts = 0;
  const host = hostOf(async () => {
    if (++starts === 1) throw new RedQueenError('unavailable', 'the process ended while it opened the model');
    return new SimulatedDevice().process();
  });
  const running = host.running();
  await settle();
  clock.wake();
  expect((await running).generation).toBe(2);
});

it('ends for good with the reason where the model cannot be opened', async () => {
  const host = hostOf(() => Promise.reject(new RedQueenError('failed_precondition', 'architecture mamba cannot be trained')));
  await expect(host.running()).rejects.toThrow('architecture mamba cannot be trained');
  expect(host.failed).toBe(true);
  expect(clock.pauses).toEqual([]);
});

it('stops waiting when the caller gives up, and when it is closed', async () => {
  const host = hostOf(() => new Promise((_, reject) => setImmediate(() => reject(new RedQueenError('unavailable', 'not yet')))));
  const caller = new AbortController();
  const impatient = host.running(caller.signal);
  caller.abort(new RedQueenError('deadline_exceeded', 'too late'));
  await expect(impatient).rejects.toMatchObject({ code: 'deadline_exceeded' });
  const patient = host.running();
  await host.close();
  await expect(patient).rejects.toMatchObject({ code: 'unavailable' });
});

it('ends a child that was still starting when it is closed', async () => {
  const opening = Promise.withResolvers<void>();
  const device = new SimulatedDevice();
  const host = hostOf(() => opening.promise.then(() => device.process()));
  const closed = host.close();
  opening.resolve();
  await closed;
  await expect(device.report()).rejects.toMatchObject({ code: 'unavailable' });
});
