import { systemClock } from '@redqueen/runtime';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Fault } from './outcome.ts';
import { createSandbox } from './sandbox.ts';

const sandbox = createSandbox({ clock: systemClock });
afterAll(() => sandbox.close());

const value = async (code: string): Promise<string> => {
  const outcome = await sandbox.run(code);
  return outcome.ok ? outcome.value : expect.fail(`${code}: ${outcome.fault} ${outcome.message}`);
};
const fault = async (code: string): Promise<Fault | undefined> => {
  const outcome = await sandbox.run(code);
  return outcome.ok ? undefined : outcome.fault;
};

describe('a program', { timeout: 20_000 }, () => {
  test.each([
    ['37+45', '82'],
    ['let total = 0; for (let i = 1; i <= 10; i++) total += i; total', '55'],
    ['[..."cab"].sort().join("")', 'abc'],
    ['2n ** 70n + "!"', '1180591620717411303424!'],
    ['7 > 3', 'true'],
    ['1/0', 'Infinity'],
  ])('%s has the value of its last expression', async (code, expected) => {
    expect(await value(code)).toBe(expected);
  });

  test('sums are right', async () => {
    const term = fc.integer({ min: 0, max: 9999 });
    await fc.assert(
      fc.asyncProperty(term, term, term, async (a, b, c) => {
        expect(await value(`${a}+${b}*${c}`)).toBe(String(a + b * c));
      }),
      { numRuns: 50 },
    );
  });

  test.each<[string, Fault]>([
    ['37+', 'syntax'],
    ['import fs from "fs"', 'syntax'],
    ['nothing', 'error'],
    ['throw 7', 'error'],
    ['throw { get name() { throw 1; } }', 'error'],
    ['throw { get name() { for (;;); } }', 'error'],
    ['({})', 'value'],
    ['Symbol()', 'value'],
    ['undefined', 'value'],
    ['for (;;);', 'time'],
    ['try { for (;;); } catch { for (;;); }', 'time'],
    ['/(a+)+$/.test("a".repeat(40) + "b")', 'time'],
    ['const all = []; for (;;) all.push([1, 2, 3])', 'memory'],
    ['"x".repeat(1e9)', 'memory'],
    ['const f = () => 1 + f(); f()', 'stack'],
    ['"x".repeat(1000)', 'size'],
    [`1${' '.repeat(3000)}`, 'size'],
  ])('%s has none: %s', async (code, expected) => {
    expect(await fault(code)).toBe(expected);
    expect(await value('1+1')).toBe('2');
  });

  test.each([
    'process',
    'require',
    'module',
    'fetch',
    'console',
    'setTimeout',
    'Deno',
    'WebAssembly',
    'SharedArrayBuffer',
    'Date',
    'performance',
    'std',
    'os',
    'scriptArgs',
    'print',
  ])('sees no %s', async (name) => {
    expect(await value(`typeof ${name}`)).toBe('undefined');
    expect(await value(`typeof globalThis.constructor.constructor('return typeof ${name}')()`)).toBe('string');
    expect(await value(`globalThis.constructor.constructor('return typeof ${name}')()`)).toBe('undefined');
  });

  test('cannot import', async () => {
    expect(await fault('import("fs")')).toBe('value');
    expect(await fault('export default 1')).toBe('syntax');
  });

  test('leaves nothing behind for the next one, whatever it does to the prototypes', async () => {
    await sandbox.run(
      'Object.prototype.toString = () => "mine"; Array.prototype.join = () => "mine"; Number.prototype.valueOf = () => 7; globalThis.left = 1; 1',
    );
    await sandbox.run('Object.defineProperty(Object.prototype, "ok", { value: false }); Object.freeze(Object.prototype); 2');
    expect(await value('[1, 2].join("+") + typeof left + ({}).toString()')).toBe('1+2undefined[object Object]');
    expect(await value('String(({}).ok)')).toBe('undefined');
  });

  test('has no chance in it: equal programs have equal outcomes', async () => {
    expect(await value('typeof Math.random')).toBe('undefined');
    const fresh = createSandbox({ clock: systemClock });
    for (const code of ['for (;;);', 'let n = 0; try { (function f() { n++; f(); })() } catch {} n', 'Object.keys(globalThis).length'])
      expect(await fresh.run(code)).toEqual(await sandbox.run(code));
    await fresh.close();
  });
});

describe('the process', { timeout: 20_000 }, () => {
  test('answers many calls of a moment together and in order', async () => {
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, n) => value(`${n}*2`)));
    expect(outcomes).toEqual(Array.from({ length: 200 }, (_, n) => String(2 * n)));
  });

  test('is started again after it died, and the call that it died under is made again', async () => {
    const own = createSandbox({ clock: systemClock });
    await own.run('1');
    const first = own.pid ?? expect.fail('it never started');
    const calls = Promise.all([own.run('let n = 0; for (let i = 0; i < 1e5; i++) n += i; n'), own.run('2+2')]);
    process.kill(first, 'SIGKILL');
    expect(await calls).toEqual([
      { ok: true, value: '4999950000' },
      { ok: true, value: '4' },
    ]);
    expect(own.pid).not.toBe(first);
    expect(own.restarts).toBe(1);
    await own.close();
  });

  test('is killed when it does not answer in time; the program that it hangs under has no value, the others of the moment do', async () => {
    // Without the interpreter's own limit only the clock is left, and this one has no patience.
    const hasty = createSandbox({
      clock: { now: () => 0, sleep: (ms, signal) => systemClock.sleep(ms > 10_000 ? ms : 400, signal) },
      limits: { checks: 1e9 },
    });
    const [endless, sum] = await Promise.all([hasty.run('for (;;);'), hasty.run('3+4')]);
    expect(endless).toMatchObject({ ok: false, fault: 'killed' });
    expect(sum).toEqual({ ok: true, value: '7' });
    expect(hasty.restarts).toBe(2);
    await hasty.close();
  });

  test('has no rights: it starts with an empty environment, and reads only itself', async () => {
    await sandbox.run('1');
    const environment = await import('node:fs/promises').then(({ readFile }) => readFile(`/proc/${sandbox.pid}/environ`, 'utf8'));
    const names = environment.split('\0').flatMap((one) => (one === '' ? [] : [one.slice(0, one.indexOf('='))]));
    expect(names.filter((name) => !name.startsWith('NODE_CHANNEL_'))).toEqual([]);
    const command = await import('node:fs/promises').then(({ readFile }) => readFile(`/proc/${sandbox.pid}/cmdline`, 'utf8'));
    expect(command.split('\0')).toContain('--permission');
    expect(command).not.toMatch(/--allow-(fs-write|child-process|worker|addons|wasi)/);
  });
});
