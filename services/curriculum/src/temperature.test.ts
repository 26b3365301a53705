import { recordOf } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handle, runPlan } from './actor.ts';
import { initialState } from './state.ts';
import { control, messageOf, release } from './test-support.ts';
import { isTemperatureKnob, temperatureOf } from './temperature.ts';

const knob = (name: string, value: number) => messageOf('knob', { name, value, by: 'balance', reason: '' });

/** Temperatures of the slots that are opened after the messages. */
function opened(...messages: ReturnType<typeof knob>[]): number[] {
  const plan = runPlan(recordOf());
  let state = initialState(plan.arms, plan.curriculum);
  for (const message of [...messages, control('start')]) state = handle(plan, state, message).state;
  return handle(plan, state, release(0)).tells.map(({ body }) => (body as { temperature: number }).temperature);
}

describe('temperature of attempts', () => {
  test('is the recipe’s until the knob is turned, and the same for every slot without a spread', () => {
    expect(new Set(opened())).toEqual(new Set([1]));
    expect(new Set(opened(knob('temperature.executor', 0.7)))).toEqual(new Set([0.7]));
  });

  test('with a spread is drawn on the 0.05 grid around the knob, and the same when replayed', () => {
    const turns = [knob('temperature.executor', 0.7), knob('temperature-spread.executor', 0.1)];
    const drawn = opened(...turns);
    expect(opened(...turns)).toEqual(drawn);
    expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual([0.6, 0.65, 0.7, 0.75, 0.8]);
  });

  test('a value out of range changes nothing', () => {
    expect(new Set(opened(knob('temperature.executor', 0), knob('temperature.executor', Number.NaN)))).toEqual(new Set([1]));
    expect(isTemperatureKnob('temperature.verifier', 1)).toBe(false);
  });

  test('stays within the spread and above zero', () => {
    const record = recordOf();
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.string(),
        (middle, spread, slot) => {
          const knobs = { 'temperature.executor': middle, 'temperature-spread.executor': spread };
          const drawn = temperatureOf(record, { knobs }, slot);
          expect(drawn).toBeGreaterThan(0);
          expect(Math.abs(drawn - middle)).toBeLessThanOrEqual(spread + 0.0251);
        },
      ),
    );
  });
});
