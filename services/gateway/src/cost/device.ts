import type { DeviceResponse } from '@redqueen/contract';
import type { DeviceReportSection } from '@redqueen/core';

/** Counters of the device at some moment. */
export type DeviceCounters = Pick<DeviceResponse, 'sampledTokens' | 'trainedTokens' | 'laneSeconds' | 'nativeSeconds' | 'secondsByWork'>;

/** What was counted since; a device that restarted in between counts from zero again. */
function since(now: number, before: number): number {
  return now >= before ? now - before : now;
}

/** The device's part of the report: what it did since the run began. */
export function deviceSection(now: DeviceResponse, before: DeviceCounters | undefined): DeviceReportSection {
  const { model, modelHash, architecture, backend, threads } = now;
  const busySeconds = since(now.laneSeconds, before?.laneSeconds ?? 0);
  const native = since(now.nativeSeconds, before?.nativeSeconds ?? 0);
  const byWork = Object.entries(now.secondsByWork).map(([work, seconds]) => [work, since(seconds, before?.secondsByWork[work] ?? 0)]);
  return {
    model,
    modelHash,
    architecture,
    backend,
    threads,
    busySeconds,
    sampledTokens: since(now.sampledTokens, before?.sampledTokens ?? 0),
    trainedTokens: since(now.trainedTokens, before?.trainedTokens ?? 0),
    ...(busySeconds > 0 ? { outsideNative: Math.max(0, 1 - native / busySeconds) } : {}),
    secondsByWork: Object.fromEntries(byWork) as Record<string, number>,
  };
}
