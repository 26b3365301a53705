import { bootstrapQuantile, quantileOf } from './bootstrap.ts';
import type { Estimate, Figure, Form, Goal, Load, Sizes } from './figure.ts';
import { underLoad } from './load.ts';
import { type Clocks, comparePairs, type Comparison } from './pairs.ts';
import { judge } from './verdict.ts';

/** What a bench works with. */
export interface Stage<Models> extends Clocks {
  /** The threads that llama.cpp and ggml may compute with, over all processes; never more than cores. */
  readonly threads: number;
  /** Models by name, and whatever is opened once for several benches. */
  readonly models: Models;
}

/** Two sides that do the same work; the figure is the median of seconds(baseline) / seconds(subject) · scale. */
export interface ComparedSides extends Comparison {
  readonly kind: 'compared';
  /** 1 where both sides count the same work. */
  readonly scale: number;
}

/** A list of timed values; the figure is one of their quantiles. */
export interface TimedValues {
  readonly kind: 'timed';
  readonly quantile: number;
  readonly values: () => Promise<readonly number[]>;
}

/** One number, or one with an interval of its own. `timed`: whether it depends on what else the machine does. */
export interface SingleValue {
  readonly kind: 'single';
  readonly timed: boolean;
  readonly value: () => Promise<number | Estimate>;
}

/** How a bench gets its figure. */
export type Measurement = ComparedSides | TimedValues | SingleValue;

/** A measurement with what it has open. */
export type Opened = Measurement & {
  readonly close?: () => Promise<void>;
  /** The load while it was measured, where several figures share one measurement that may lie back. */
  readonly load?: () => Promise<Load>;
  /** What only opening tells of what is measured on; it stands beside the size. */
  readonly facts?: Sizes;
};

/** A figure and how to measure it. `Size`: what it takes, by form. */
export interface Bench<Models, Size = unknown> extends Goal {
  /** What the figure is compared with, in words; empty where it is compared with its target alone. */
  readonly baseline: string;
  readonly subject: string;
  readonly sizes: Readonly<Record<Form, Size>>;
  /** Opens what the measurement needs. */
  open(size: Size, stage: Stage<Models>): Promise<Opened>;
}

/** Pairs that are kept, by form. */
const keptPairs: Readonly<Record<Form, number>> = { smoke: 5, quick: 5, full: 9 };

interface Measured extends Estimate {
  readonly control?: number;
  readonly processorRatio?: number;
  readonly count: number;
}

/** Runs too short for the clock of processor time have no ratio in it. */
function processorRatioOf(ratios: readonly number[], scale: number): number {
  return ratios.every(Number.isFinite) ? quantileOf(ratios, 0.5) * scale : Number.NaN;
}

async function measured(measurement: Measurement, pairs: number, clocks: Clocks, seed: number): Promise<Measured> {
  if (measurement.kind === 'single') {
    const value = await measurement.value();
    return { ...(typeof value === 'number' ? { value, low: value, high: value } : value), count: 1 };
  }
  if (measurement.kind === 'timed') {
    const values = await measurement.values();
    return { ...bootstrapQuantile(values, measurement.quantile, seed), count: values.length };
  }
  const { ratios, processorRatios, controls } = await comparePairs(measurement, pairs, clocks);
  const scaled = ratios.map((ratio) => ratio * measurement.scale);
  return {
    ...bootstrapQuantile(scaled, 0.5, seed),
    control: quantileOf(controls, 0.5),
    processorRatio: processorRatioOf(processorRatios, measurement.scale),
    count: ratios.length,
  };
}

/** Measures a bench and judges it. Errors of the bench are thrown as they are; what it opened is closed in every case. */
export async function runBench<Models>(bench: Bench<Models>, form: Form, stage: Stage<Models>, seed = 1): Promise<Figure> {
  const opened = await bench.open(bench.sizes[form], stage);
  try {
    const { result, load: loadNow } = await underLoad(() => measured(opened, keptPairs[form], stage, seed));
    const load = (await opened.load?.()) ?? loadNow;
    const { id, what, target, direction, unit } = bench;
    const goal = { id, what, target, direction, unit };
    const timed = opened.kind !== 'single' || opened.timed;
    return {
      ...goal,
      form,
      size: { ...(bench.sizes[form] as Sizes), ...opened.facts },
      ...result,
      ...judge({ ...goal, ...result, timed, load }),
      load,
    };
  } finally {
    await opened.close?.();
  }
}
