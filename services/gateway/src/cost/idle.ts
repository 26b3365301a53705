import type { DeviceReportSection, IdleRatios } from '@redqueen/core';

const share = (part: number, whole: number): number => (whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0);

/** Idle shares of a device that samples and trains on the same lanes, over a run of so many seconds. */
export function idleRatios({ threads, busySeconds, secondsByWork }: DeviceReportSection, seconds: number): IdleRatios {
  const all = threads * seconds;
  const idle = Math.max(0, all - busySeconds);
  const train = secondsByWork['train'] ?? 0;
  return { device: share(idle, all), sampler: share(idle, idle + busySeconds - train), trainer: share(idle, idle + train) };
}

/** The device's part of the report with its idle shares; without where it did nothing yet. */
export function withIdle(device: DeviceReportSection, seconds: number): DeviceReportSection {
  return device.busySeconds > 0 && seconds > 0 ? { ...device, idle: idleRatios(device, seconds) } : device;
}
