import { allProcesses, familyOf } from '../../../services/gateway/src/cost/processes.ts';

/** Seconds of processor time of this process, to the microsecond, and of all its descendants, to the tick of /proc (10 ms). */
export async function processorSeconds(): Promise<number> {
  const below = familyOf(process.pid, await allProcesses()).filter(({ pid }) => pid !== process.pid);
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + below.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}
