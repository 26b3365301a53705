import { describe, expect, test } from 'vitest';
import { deviceSection } from './device.ts';
import { familyOf, parsePss, parseStat, processName } from './processes.ts';

describe('what a cluster costs', () => {
  test('reads /proc/<pid>/stat although the command holds spaces and brackets', () => {
    const fields = ['S', '7', ...Array.from({ length: 9 }, () => '0'), '150', '50', '20', '30', ...Array.from({ length: 10 }, () => '0')];
    expect(parseStat(42, `42 (node (a) b) ${fields.join(' ')}`)).toEqual({ pid: 42, parent: 7, cpuSeconds: 2.5 });
  });

  test('reads the proportional set size', () => {
    expect(parsePss('Rss:   2000 kB\nPss:      123 kB\nPss_Anon: 7 kB\n')).toBe(123 * 1024);
    expect(parsePss('')).toBe(0);
  });

  test('a family is a process and all below it', () => {
    const entry = (pid: number, parent: number) => ({ pid, parent, cpuSeconds: 0 });
    const processes = [entry(1, 0), entry(2, 1), entry(3, 2), entry(4, 1), entry(5, 9)];
    expect(familyOf(2, processes).map(({ pid }) => pid)).toEqual([2, 3]);
  });

  test('knows a service by its command line', () => {
    expect(processName('/usr/bin/node /x/services/world-model/src/main.ts')).toBe('world-model');
    expect(processName('/usr/sbin/nats-server -c x.conf')).toBe('nats-server');
    expect(processName('node /x/packages/cli/src/main.ts start')).toBe('command line');
    expect(processName('bash')).toBeUndefined();
  });

  test('a device that was started again counts from zero', () => {
    const counters = { sampledTokens: 10, trainedTokens: 1, laneSeconds: 20, nativeSeconds: 18, secondsByWork: { sample: 20 } };
    const now = {
      ...counters,
      model: 'm',
      modelHash: '',
      architecture: 'llama',
      backend: 'CPU',
      threads: 2,
      upSeconds: 1,
      laneSeconds: 30,
      nativeSeconds: 26,
    };
    expect(deviceSection(now, counters)).toMatchObject({ busySeconds: 10, outsideNative: expect.closeTo(0.2), sampledTokens: 0 });
    expect(deviceSection({ ...now, laneSeconds: 4, nativeSeconds: 4 }, counters)).toMatchObject({ busySeconds: 4, outsideNative: 0 });
  });
});
