import { declaredKnobs, randomOf, type RunRecord } from '@redqueen/core';
import type { CurriculumState } from './state.ts';

const centre = declaredKnobs.get('temperature.executor');
const spread = declaredKnobs.get('temperature-spread.executor');
/** Drawn temperatures are multiples of this, so that the policy service can sample many tasks at one temperature together. */
const step = 0.05;

/** Whether it is a knob of the attempts' temperature, with a value that it can have. */
export function isTemperatureKnob(name: string, value: number): boolean {
  const knob = [centre, spread].find((one) => one.name === name);
  return knob !== undefined && value >= knob.low && value <= knob.high;
}

/**
 * The temperature of a slot's attempts: temperature.executor, or where temperature-spread.executor is not 0 a multiple of 0.05 drawn uniformly from
 * that far around it, so that whoever turns the knob sees what its neighbours would do.
 */
export function temperatureOf({ recipe, seed }: RunRecord, { knobs }: Pick<CurriculumState, 'knobs'>, slot: string): number {
  const middle = knobs[centre.name] ?? recipe.temperature;
  const steps = Math.round((knobs[spread.name] ?? 0) / step);
  if (steps === 0) return middle;
  const drawn = middle + step * (randomOf(seed, slot, 'temperature').integer(2 * steps + 1) - steps);
  return Number(Math.min(centre.high, Math.max(step, drawn)).toFixed(4));
}
