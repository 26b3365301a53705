import type { DeviceResponseInput } from '@redqueen/contract';
import type { CallContext } from '@redqueen/runtime';
import type { Runs } from '../runs.ts';

/** What the device does; an empty answer before the first run, which decides about the base model. */
export async function device(runs: Runs, { signal }: CallContext): Promise<DeviceResponseInput> {
  const { host } = runs;
  if (!host) return {};
  const running = await host.running(signal);
  const report = await running.device.report();
  return { ...report, secondsByWork: { ...report.secondsByWork } };
}
