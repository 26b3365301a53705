import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import { afterAll, expect, it } from 'vitest';
import { sha256 } from '../gguf/adapter-file.ts';
import { temporaryFolder, tinyAdapter, writeTinyModel } from '../testing/tiny-model.ts';
import { startDevice } from './client.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const request = { agent: 'a', version: 0, prompts: [{ text: '1+1=', samples: 8, seed: 3 }], maxTokens: 6, temperature: 1, stop: '\n' };

it('serves calls from a child process, survives its death with a clear error, and starts again', async () => {
  const exits: string[] = [];
  const device = await startDevice({ modelPath: writeTinyModel(folder.path), threads: 2, onExit: (reason) => exits.push(reason) });
  try {
    const firstPid = device.pid as number;
    expect(firstPid).not.toBe(process.pid);
    await device.createAgent('a', tinyAdapter);
    const { adapter } = await device.exportAgent('a');
    expect((await device.loadVersion('a', 1, adapter, sha256(adapter))).canaryDifference).toBeLessThan(1e-4);
    const before = await device.generate(request);
    expect(before[0]?.samples[0]?.tokens).toBeInstanceOf(Int32Array);
    await expect(device.generate({ ...request, version: 7 })).rejects.toMatchObject({ name: 'RedQueenError', code: 'not_found' });

    const pending = device.generate({ ...request, prompts: Array.from({ length: 64 }, (_, seed) => ({ text: '1+1=', samples: 8, seed })) });
    process.kill(firstPid, 'SIGKILL');
    await expect(pending).rejects.toMatchObject({ code: 'unavailable' });
    await expect(device.report()).rejects.toThrow(/the llama\.cpp process ended \(signal SIGKILL\)/);
    expect(device.pid).toBeUndefined();
    expect(exits).toEqual(['signal SIGKILL']);

    await device.restart();
    expect(device.pid).not.toBe(firstPid);
    await expect(device.exportAgent('a')).rejects.toMatchObject({ code: 'not_found' });
    await device.createAgent('a', tinyAdapter);
    expect(await device.generate(request)).toEqual(before);
  } finally {
    await device.close();
  }
  expect(exits).toEqual(['signal SIGKILL']);
  await expect(device.generate(request)).rejects.toMatchObject({ code: 'unavailable' });
});

it('stops computing for a call that is given up, and goes on with the next', async () => {
  const device = await startDevice({ modelPath: writeTinyModel(folder.path, 1, { name: 'long', context: 2048 }), threads: 1 });
  try {
    const long = { ...request, stop: '', maxTokens: 2000, prompts: [{ text: '1+1=', samples: 32, seed: 3 }] };
    const controller = new AbortController();
    const given = device.generate(long, controller.signal);
    const queued = device.generate(long, controller.signal);
    // The child answers in order of asking where nothing computes: by now the only lane is at work on the first call.
    await device.report();
    controller.abort(new RedQueenError('cancelled', 'enough'));
    await expect(given).rejects.toMatchObject({ code: 'cancelled', message: 'enough' });
    await expect(queued).rejects.toMatchObject({ code: 'cancelled' });
    await expect(device.generate(long, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
    // One agent's calls are computed in order. Had the first two gone on to their end, their tokens would count before those of the third.
    const [group] = await device.generate(request);
    const tokens = group?.samples.reduce((sum, sample) => sum + sample.tokens.length, 0);
    expect((await device.report()).sampledTokens).toBe(tokens);
  } finally {
    await device.close();
  }
});

it('says clearly that a file is no model, and leaves no process behind', async () => {
  const modelPath = join(folder.path, 'poem.gguf');
  writeFileSync(modelPath, 'I met a traveller from an antique land');
  const exits: string[] = [];
  await expect(startDevice({ modelPath, threads: 1, onExit: (reason) => exits.push(reason) })).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringMatching(/no GGUF file/),
  });
  expect(exits).toEqual([]);
});

it('kills a child that hangs, says so, and starts another', async () => {
  const exited = Promise.withResolvers<string>();
  const device = await startDevice({ modelPath: writeTinyModel(folder.path), threads: 1, hangMs: 2000, onExit: exited.resolve });
  try {
    const pid = device.pid as number;
    process.kill(pid, 'SIGSTOP');
    const pending = device.generate(request);
    expect(await exited.promise).toBe('no sign of life for 2 s, killed');
    await expect(pending).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('no sign of life') as string });
    await device.restart();
    expect(device.pid).not.toBe(pid);
    expect(await device.generate(request)).toHaveLength(1);
  } finally {
    await device.close();
  }
});

it('ends a child that hangs while it is closed', async () => {
  const device = await startDevice({ modelPath: writeTinyModel(folder.path), threads: 1, closeMs: 500 });
  process.kill(device.pid as number, 'SIGSTOP');
  await device.close();
  expect(device.pid).toBeUndefined();
});
