import type { Body, Message } from '@redqueen/contract';
import { movingAverage, type RunReport } from '@redqueen/core';
import { curvePoints, emptyCurve, extendCurve, type Curve } from './curve.ts';
import { lineageOf, type Lineages } from './lineages.ts';
import { emptyTrainedSamples, foldTrainedSamples, trainedStalenessReport, type TrainedSamples } from './trained-staleness.ts';

/** How old the samples in the batches are, in versions of their agent: when the batch was told, and when it was trained on. */
export interface Staleness {
  readonly bound: number;
  readonly trained: TrainedSamples;
  groups: number;
  mean: number;
  largest: number;
  dropped: number;
  histogram: number[];
  curve: Curve;
}

/** Weight of one batch in the moving mean. */
const rate = 0.1;

/** No batch yet. */
export function emptyStaleness(bound: number): Staleness {
  return { bound, trained: emptyTrainedSamples(), groups: 0, mean: 0, largest: 0, dropped: 0, histogram: [], curve: emptyCurve() };
}

function foldBatch(staleness: Staleness, released: number, body: Body<'batch'>, seconds: number): void {
  staleness.dropped += body.stale;
  if (body.groups.length === 0) return;
  let sum = 0;
  for (const { version } of body.groups) {
    const age = Math.max(0, released - version);
    sum += age;
    staleness.largest = Math.max(staleness.largest, age);
    while (staleness.histogram.length <= age) staleness.histogram.push(0);
    staleness.histogram[age] = (staleness.histogram[age] ?? 0) + 1;
  }
  const first = staleness.groups === 0;
  staleness.groups += body.groups.length;
  staleness.mean = first ? sum / body.groups.length : movingAverage(staleness.mean, sum / body.groups.length, rate);
  extendCurve(staleness.curve, seconds, staleness.mean);
}

/** Folds one message in: staleness is the released version when the batch was told minus the version that sampled the group. */
export function foldStaleness(staleness: Staleness, lineages: Lineages, message: Message, seconds: number): void {
  foldTrainedSamples(staleness.trained, message, staleness.bound);
  if (message.kind === 'batch') foldBatch(staleness, lineageOf(lineages, message.body.agent).version, message.body, seconds);
}

/** Staleness' part of the report. */
export function stalenessReport({ mean, largest, dropped, histogram, curve, bound, trained }: Staleness): RunReport['staleness'] {
  return { mean, largest, dropped, histogram, curve: curvePoints(curve), bound, trained: trainedStalenessReport(trained) };
}
