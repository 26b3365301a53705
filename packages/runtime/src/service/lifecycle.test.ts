import { describe, expect, it } from 'vitest';
import { createLifecycle, settledWithin, type LifecycleState } from './lifecycle.ts';

describe('the life of a service', () => {
  it('moves on and says so', () => {
    const seen: LifecycleState[] = [];
    const life = createLifecycle((state) => seen.push(state));
    expect(life.state).toBe('starting');
    for (const state of ['running', 'draining', 'stopped'] as const) life.advance(state);
    expect(seen).toEqual(['running', 'draining', 'stopped']);
  });

  it('never goes back or stands still', () => {
    const life = createLifecycle(() => {});
    life.advance('draining');
    for (const state of ['starting', 'running', 'draining'] as const) expect(() => life.advance(state)).toThrow(/cannot become/);
  });
});

describe('a limited wait', () => {
  it('tells a settled promise from one that takes too long', async () => {
    expect(await settledWithin(Promise.resolve(), 1000)).toBe(true);
    expect(await settledWithin(Promise.reject(new Error('no')), 1000)).toBe(true);
    expect(await settledWithin(new Promise(() => {}), 5)).toBe(false);
  });
});
