import { startDevice, type DeviceOptions } from '@redqueen/llama';
import type { DeviceProcess } from './host.ts';

/** Starts the native child process with llama.cpp in it: a ggml assertion costs one restart and never the service. */
export async function startChild(options: Omit<DeviceOptions, 'onExit'>): Promise<DeviceProcess> {
  const exited = Promise.withResolvers<string>();
  const device = await startDevice({ ...options, onExit: exited.resolve });
  return {
    device,
    report: await device.report(),
    pid: device.pid,
    exited: exited.promise,
    async close() {
      await device.close();
      exited.resolve('closed');
    },
  };
}
