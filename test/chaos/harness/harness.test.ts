import { serviceNames } from '@redqueen/runtime';
import { describe, expect, it } from 'vitest';
import { chaosCommand } from '../options.ts';
import { effectiveShare, firstAfter, quantile, rateOf, resumedAfter } from './pace.ts';
import { figure, type Scenario } from './scenario.ts';
import { faultSchedule, scheduleText } from './schedule.ts';
import { scriptScenario } from './script-scenario.ts';

describe('a fault schedule', () => {
  it('gives everybody a turn equally often, and the same one for the same seed', () => {
    const faults = faultSchedule(7, serviceNames, 36, 5);
    expect(faults).toHaveLength(36);
    expect(faults.map(({ at }) => at)).toEqual(Array.from({ length: 36 }, (_, index) => 5 * (index + 1)));
    for (const name of serviceNames) expect([4, 5]).toContain(faults.filter(({ victim }) => victim === name).length);
    expect(faultSchedule(7, serviceNames, 36, 5)).toEqual(faults);
    expect(scheduleText(faultSchedule(8, serviceNames, 36, 5))).not.toBe(scheduleText(faults));
  });
});

describe('the pace of learning', () => {
  const every = (ms: number, from: number, to: number) => Array.from({ length: (to - from) / ms }, (_, index) => from + index * ms);
  const span = { from: 0, to: 20_000 };

  it('is a rate, and the share of time without long pauses', () => {
    expect(rateOf(every(100, 0, 20_000), span)).toBe(10);
    expect(effectiveShare(every(100, 0, 20_000), span)).toBe(1);
    const stalled = [...every(100, 0, 10_000), ...every(100, 14_000, 20_000)];
    expect(effectiveShare(stalled, span)).toBeCloseTo(1 - 4100 / 20_000);
    expect(effectiveShare([], span)).toBe(0);
  });

  it('resumes at the end of the longest pause, whatever still trickled out before', () => {
    const steps = [...every(100, 0, 5000), 5100, 5600, ...every(100, 8000, 20_000)];
    expect(resumedAfter(steps, 5000, 10_000)).toBe(3000);
    expect(resumedAfter(steps, 10_000, 15_000)).toBe(100);
    expect(resumedAfter([1, 2], 5000, 10_000)).toBe(Number.POSITIVE_INFINITY);
    expect(firstAfter([1, 7000], 5000)).toBe(2000);
    expect(firstAfter([1], 5000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is told by quantiles of the nearest rank', () => {
    expect(quantile([3, 1, 2, 5, 4], 0.95)).toBe(5);
    expect(quantile([3, 1, 2, 5, 4], 0.5)).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('figures and words', () => {
  it('a figure is met on its bound, and missed where it is no number', () => {
    expect(figure('R1.lost', { seed: 3 }, 0, { atMost: 0 })).toEqual({ id: 'R1.lost', value: 0, target: '0', verdict: 'met', seed: 3 });
    expect(figure('x', { seed: 1 }, 5.01, { atMost: 5, unit: 's' })).toMatchObject({ target: 'at most 5 s', verdict: 'missed' });
    expect(figure('x', { seed: 1 }, 0.8, { atLeast: 0.8 })).toMatchObject({ target: 'at least 0.8', verdict: 'met' });
    expect(figure('x', { seed: 1 }, Number.NaN, { atMost: 5 }).verdict).toBe('missed');
  });

  it('chooses scenarios by their goal, and names those there are', () => {
    const all = ['R1', 'R18a', 'R18b'].map((id): Scenario => ({ id, title: id, run: () => Promise.resolve([]) }));
    const ids = (...words: string[]) => chaosCommand(words, all).scenarios.map(({ id }) => id);
    expect(ids()).toEqual(['R1', 'R18a', 'R18b']);
    expect(ids('--only', 'R18')).toEqual(['R18a', 'R18b']);
    expect(ids('--only', 'R18b,R1')).toEqual(['R1', 'R18b']);
    expect(() => ids('--only', 'R99')).toThrow(/R99.*R1, R18a, R18b/);
    expect(() => ids('--seed', 'x')).toThrow(/--seed/);
    expect(() => ids('--quick', '--full')).toThrow(/not both/);
    expect(() => ids('--colour')).toThrow(/colour/);
  });

  it('passes on the figures of a script, and minds one that has none', async () => {
    const said: string[] = [];
    const options = {
      form: 'quick',
      seed: 3,
      seconds: undefined,
      every: undefined,
      folder: '',
      say: (line: string) => said.push(line),
    } as const;
    const adapters = scriptScenario({ id: 'R11', title: '', path: 'chaos/adapters/main.ts', words: () => ['--flips', '1'] });
    expect(await adapters.run(options)).toMatchObject([{ id: 'R11', verdict: 'met', seed: 3 }]);
    const none = scriptScenario({ id: 'R0', title: '', path: 'chaos/scenarios.ts' });
    await expect(none.run(options)).rejects.toThrow(/without a figure/);
  }, 60_000);
});
