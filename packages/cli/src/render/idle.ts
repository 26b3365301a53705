import type { RunReport } from '@redqueen/sdk';

/** One line about idle lanes; none where the device did nothing, or is not known. */
export function idleText({ cost }: RunReport): string[] {
  const idle = cost.device?.idle;
  if (!idle) return [];
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return [
    `Idle lane time: ${percent(idle.device)}; of what training left to sampling ${percent(idle.sampler)}, of what sampling left to training ${percent(idle.trainer)}`,
  ];
}
