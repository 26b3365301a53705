import { availableParallelism, cpus, totalmem } from 'node:os';

/** The machine that something was measured on, as it names itself. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
}

/** This machine. */
export function thisMachine(): Machine {
  return {
    processor: (cpus()[0]?.model ?? 'unknown').trim(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** "Intel(R) Xeon(R) Processor, 2 cores, 23.5 GiB of memory, linux x64, Node v24.21.0". */
export function machineText({ processor, cores, memoryBytes, platform, node }: Machine): string {
  return `${processor}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory, ${platform}, Node ${node}`;
}
