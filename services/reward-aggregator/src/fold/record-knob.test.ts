import { describe, expect, it } from 'vitest';
import { foldAll, inOrder, messageFrom, recordWith, start, type Plan } from '../test-support.ts';
import { rulesOf } from '../rules.ts';
import { decodeState, encodeState } from './snapshot.ts';

const { roles } = recordWith().recipe;
const rules = rulesOf(
  recordWith({ roles: { ...roles, executor: { ...roles.executor, credit: { use: 'reject-sampling', options: { threshold: 0 } } } } }),
);
const plan: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1] };
const turn = (value: number, from = 'gateway/0', name = 'threshold.executor') =>
  messageFrom(from, { kind: 'knob', body: { name, value, by: 'balance' } }, `knob-${from}-${value}-${name}`);

/** How many attempts of an episode are imitated. */
function imitated(...knobs: ReturnType<typeof turn>[]): number {
  const { settlements } = foldAll([...start(), ...knobs, ...inOrder('1.0', [plan])], rules);
  const advantages = settlements[0]?.totals?.find(({ agent }) => agent === 'executor/0')?.advantages ?? [];
  return advantages.filter((advantage) => Number(advantage) > 0).length;
}

describe('the knob threshold.executor', () => {
  it('decides what is imitated from the message on that turns it', () => {
    expect(imitated()).toBeGreaterThan(imitated(turn(0.5)));
    expect(imitated(turn(0.5))).toBe(2);
    expect(imitated(turn(2))).toBe(0);
    expect(imitated(turn(2), turn(0))).toBe(imitated());
  });

  it('is turned by the gateway alone, to a number; other knobs are not the aggregator’s', () => {
    expect(imitated(turn(2, 'executor/0'))).toBe(imitated());
    expect(imitated(turn(Number.NaN))).toBe(imitated());
    expect(imitated(turn(2, 'gateway/0', 'temperature.executor'))).toBe(imitated());
  });

  it('is part of the snapshot', () => {
    const { state } = foldAll([...start(), turn(0.5)], rules);
    expect(decodeState(encodeState(state)).knobs).toEqual({ 'threshold.executor': 0.5 });
  });
});
