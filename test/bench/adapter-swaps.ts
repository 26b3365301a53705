// What it costs to publish adapter versions: the time until the first token with the new one, and the memory that is left after many.
import { readdirSync, readFileSync } from 'node:fs';
import { encodeAdapter, sha256, startDevice, type DeviceHandle } from '@redqueen/llama';
import { sampleStream } from '../../packages/llama/src/engine/sample-stream.ts';
import { readGgufHeader } from '../../packages/llama/src/gguf/reader.ts';
import { hyperParametersOf } from '../../packages/llama/src/model/hyper-parameters.ts';
import { adaptedMatrices } from '../../packages/llama/src/model/parameter-layout.ts';

/** What is swapped, and how often. */
export interface SwapOptions {
  /** The base model, a GGUF file. */
  readonly modelPath: string;
  /** Lanes of the device. */
  readonly threads: number;
  /** Versions that are loaded. */
  readonly swaps: number;
  /** Rank of the adapters. */
  readonly rank: number;
  readonly seed: number;
}

/** Times of swaps in milliseconds, in order. */
export interface SwapLatency {
  /** From the call that hands the file over to the answer with the first token sampled with it. */
  readonly publishToTokenMs: readonly number[];
  /** The part of it until the version was loaded: validation, canary. */
  readonly loadMs: readonly number[];
  /** The same first token with the version loaded already. */
  readonly tokenMs: readonly number[];
  readonly adapterBytes: number;
}

/** Memory of the device's process over many swaps. */
export interface SwapMemory {
  /** Resident bytes of the process after each round of swaps, with no version loaded. */
  readonly residentBytes: readonly number[];
  readonly swapsPerRound: number;
  /** Growth a swap over the second half of the rounds: the slope of the least-squares line, in bytes. */
  readonly bytesPerSwap: number;
  /** Half the width of the slope's 95 % confidence interval (normal approximation), in bytes. */
  readonly bytesPerSwapError: number;
  /** Open files of the process before and after. */
  readonly openFiles: readonly [before: number, after: number];
  readonly adapterBytes: number;
}

const agent = 'bench:executor/0';
const alpha = 16;

/** Makes random adapters of the model's shape, each another file. */
async function adaptersFor(device: DeviceHandle, { modelPath, rank, seed }: SwapOptions): Promise<(which: number) => Uint8Array> {
  const { architecture, modelHash } = await device.report();
  const matrices = adaptedMatrices(hyperParametersOf(readGgufHeader(modelPath)));
  const length = matrices.reduce((sum, { inputs, outputs }) => sum + rank * (inputs + outputs), 0);
  return (which) => {
    const uniform = sampleStream(seed, which);
    const values = Float32Array.from({ length }, () => 0.02 * (2 * uniform() - 1));
    return encodeAdapter({ rank, alpha, values }, { architecture, baseHash: modelHash, matrices });
  };
}

async function withDevice<Result>(
  options: SwapOptions,
  work: (device: DeviceHandle, adapter: (which: number) => Uint8Array) => Promise<Result>,
) {
  const device = await startDevice({ modelPath: options.modelPath, threads: options.threads });
  try {
    await device.createAgent(agent, { rank: options.rank, alpha, seed: options.seed });
    return await work(device, await adaptersFor(device, options));
  } finally {
    await device.close();
  }
}

function oneToken(device: DeviceHandle, version: number): Promise<unknown> {
  return device.generate({
    agent,
    version,
    prompts: [{ text: '37+45=', samples: 1, seed: version }],
    maxTokens: 1,
    temperature: 1,
    stop: '',
  });
}

/** Loads version after version and samples one token with each. The first swap, which builds graphs, is not counted. Two versions stay loaded. */
export async function measureSwapLatency(options: SwapOptions): Promise<SwapLatency> {
  return withDevice(options, async (device, adapter) => {
    const [publishToTokenMs, loadMs, tokenMs]: [number[], number[], number[]] = [[], [], []];
    let adapterBytes = 0;
    for (let version = 1; version <= options.swaps + 1; version++) {
      const file = adapter(version);
      adapterBytes = file.length;
      const hash = sha256(file);
      const begun = performance.now();
      await device.loadVersion(agent, version, file, hash);
      const loaded = performance.now();
      await oneToken(device, version);
      const answered = performance.now();
      await oneToken(device, version);
      if (version > 1) {
        publishToTokenMs.push(answered - begun);
        loadMs.push(loaded - begun);
        tokenMs.push(performance.now() - answered);
      }
      if (version > 2) await device.dropVersion(agent, version - 2);
    }
    return { publishToTokenMs, loadMs, tokenMs, adapterBytes };
  });
}

/**
 * Loads, uses and drops versions in rounds and reads the process's memory after each (Linux). A fresh process grows for its first one or two thousand
 * swaps, while the allocators fill: over fewer, the slope tells of that growth and not of a leak.
 */
export async function measureSwapMemory(options: SwapOptions, rounds = 20): Promise<SwapMemory> {
  return withDevice(options, async (device, adapter) => {
    const swapsPerRound = Math.ceil(options.swaps / rounds);
    const residentBytes: number[] = [];
    const files = Array.from({ length: swapsPerRound }, (_, which) => adapter(which));
    const hashes = files.map(sha256);
    const { pid = 0 } = device;
    const before = openFilesOf(pid);
    for (let round = 0; round < rounds; round++) {
      for (const [which, file] of files.entries()) {
        const version = round * swapsPerRound + which + 1;
        await device.loadVersion(agent, version, file, hashes[which] as string);
        await oneToken(device, version);
        await device.dropVersion(agent, version);
      }
      residentBytes.push(residentBytesOf(pid));
    }
    const half = residentBytes.slice(Math.floor(rounds / 2));
    const { slope, error } = slopeOf(half);
    return {
      residentBytes,
      swapsPerRound,
      bytesPerSwap: slope / swapsPerRound,
      bytesPerSwapError: error / swapsPerRound,
      openFiles: [before, openFilesOf(pid)],
      adapterBytes: files[0]?.length ?? 0,
    };
  });
}

function residentBytesOf(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Least-squares slope of values over their index, and half the width of its 95 % confidence interval. */
function slopeOf(values: readonly number[]): { readonly slope: number; readonly error: number } {
  const count = values.length;
  const [meanIndex, mean] = [(count - 1) / 2, values.reduce((sum, value) => sum + value, 0) / count];
  const spread = values.reduce((sum, _, index) => sum + (index - meanIndex) ** 2, 0);
  const slope = values.reduce((sum, value, index) => sum + (index - meanIndex) * (value - mean), 0) / spread;
  const residual = values.reduce((sum, value, index) => sum + (value - mean - slope * (index - meanIndex)) ** 2, 0);
  return { slope, error: 1.96 * Math.sqrt(residual / (count - 2) / spread) };
}
