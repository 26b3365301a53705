import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watch } from './watchdog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says once that a process is hung when it has not answered for the whole limit', () => {
  const hung = vi.fn();
  const watched = watch(1000, () => {}, hung);
  vi.advanceTimersByTime(900);
  watched.answered();
  vi.advanceTimersByTime(1000);
  expect(hung).not.toHaveBeenCalled();
  vi.advanceTimersByTime(250);
  expect(hung).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(hung).toHaveBeenCalledTimes(1);
});

it('is content with a process that answers, however late within the limit, and ends when told', () => {
  const hung = vi.fn();
  const beat = vi.fn();
  const watched = watch(1000, beat, hung);
  for (let round = 0; round < 20; round++) {
    vi.advanceTimersByTime(999);
    watched.answered();
  }
  expect(hung).not.toHaveBeenCalled();
  watched.stop();
  const sent = beat.mock.calls.length;
  vi.advanceTimersByTime(10_000);
  expect([hung.mock.calls.length, beat.mock.calls.length]).toEqual([0, sent]);
});
