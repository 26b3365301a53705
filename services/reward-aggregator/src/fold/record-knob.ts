import type { Knob } from '@redqueen/contract';
import { declaredKnobs } from '@redqueen/core';
import type { Work } from './work.ts';

const owned = declaredKnobs.names.map((name) => declaredKnobs.get(name)).filter(({ owner }) => owner === 'reward-aggregator/0');

/** A declared knob of the aggregator gets a new value: what is settled and what is batched from now on follows it. Others' knobs, and values out of range, change nothing. */
export function recordKnob({ state }: Work, { name, value }: Knob): void {
  const knob = owned.find((one) => one.name === name);
  if (knob && value >= knob.low && value <= knob.high) state.knobs[name] = value;
}
