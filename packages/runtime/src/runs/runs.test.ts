import { join } from 'node:path';
import { addressOf } from '@redqueen/contract';
import type { RunRecord } from '@redqueen/core';
import { FakeClock, Recorder, within } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory/memory-bus.ts';
import type { Bus } from '../bus/port.ts';
import { loadRecipe } from '../config/recipes.ts';
import { silentLogger, type Logger } from '../log/logger.ts';
import { failRun, runBucket, Runs } from './runs.ts';
import { tellFromOutside } from './tell.ts';

function record(run: string, startedAt = 1): RunRecord {
  return {
    run,
    recipe: loadRecipe('default', join(import.meta.dirname, '../../../../config/recipes')),
    seed: 1,
    updates: 3,
    status: 'running',
    startedAt,
  };
}

const memoryBus = (): Promise<Bus> => createMemoryBus({ clock: new FakeClock(), logger: silentLogger });

describe('run records', () => {
  it('are created once, listed newest first and changed by compare-and-set', async () => {
    await using bus = await memoryBus();
    const runs = await Runs.open(bus);
    await runs.create(record('old', 1));
    await runs.create(record('new', 2));
    await expect(runs.create(record('new'))).rejects.toMatchObject({ code: 'already_exists' });
    expect((await runs.list()).map(({ run }) => run)).toEqual(['new', 'old']);
    expect(await runs.get('nobody')).toBeUndefined();
    await expect(runs.update('nobody', (before) => before)).rejects.toMatchObject({ code: 'not_found' });
    // Each adds one to what it finds: none of the additions is lost.
    await Promise.all(Array.from({ length: 10 }, () => runs.update('old', (before) => ({ ...before, updates: before.updates + 1 }))));
    expect((await runs.get('old'))?.updates).toBe(13);
    expect((await runs.update('old', () => undefined)).updates).toBe(13);
  });

  it('are watched: as they are, then as they change; a bad one stops nothing', async () => {
    await using bus = await memoryBus();
    const runs = await Runs.open(bus);
    await runs.create(record('r1'));
    const [seen, errors] = [new Recorder<string>(), new Recorder<object>()];
    const logger = { ...silentLogger, error: (facts: object) => errors.record(facts) } as unknown as Logger;
    const stop = new AbortController();
    const watch = async (): Promise<void> => {
      for await (const { run, status } of runs.watch(stop.signal, logger)) seen.record(`${run} ${status}`);
    };
    const watching = watch();
    await seen.count(1);
    await (await bus.keyValue(runBucket)).put('bad', new TextEncoder().encode('{}'));
    await errors.count(1);
    await runs.update('r1', (before) => ({ ...before, status: 'stopping' }));
    expect(await seen.count(2)).toEqual(['r1 running', 'r1 stopping']);
    stop.abort();
    await within(watching, 'the end of the watch');
  });

  it('fail once: a run that is over stays as it is', async () => {
    await using bus = await memoryBus();
    const runs = await Runs.open(bus);
    await runs.create(record('r1'));
    const context = { bus, clock: new FakeClock(), name: 'policy' as const };
    await failRun(context, 'r1', 'no model');
    await failRun(context, 'r1', 'later');
    expect(await runs.get('r1')).toMatchObject({ status: 'failed', error: 'policy: no model' });
    await expect(failRun(context, 'nobody', 'x')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('tellFromOutside', () => {
  it('tells once for one id', async () => {
    await using bus = await memoryBus();
    const envelope = { run: 'r1', id: 'ask-1', from: addressOf('gateway/0'), to: addressOf('policy/0') };
    const told = { kind: 'control', body: { command: 'rollback', agent: 'executor/0', version: 2 } } as const;
    expect(await tellFromOutside(bus, envelope, told)).toEqual({ sequence: 1, duplicate: false });
    expect(await tellFromOutside(bus, envelope, told)).toEqual({ sequence: 1, duplicate: true });
  });
});
