import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IdleRatios } from '@redqueen/core';
import { connectRpc, projectFolder } from '@redqueen/runtime';
import { parse } from 'yaml';
import { processCosts } from '../../services/gateway/src/cost/processes.ts';

/** What is measured. */
export interface BenchOptions {
  readonly seed: number;
  readonly updates: number;
  readonly folder: string;
}

/** What a run cost. */
export interface Measurement {
  /** From the start of the command to the first tokens that were trained on. */
  readonly firstUpdateSeconds: number;
  /** Largest sum over all processes of the cluster of their proportional set sizes. */
  readonly peakMemoryBytes: number;
  readonly memoryByService: Readonly<Record<string, number>>;
  readonly cpuSecondsByService: Readonly<Record<string, number>>;
  /** Share of the device's busy time spent outside llama.cpp and ggml. */
  readonly outsideNative: number;
  readonly deviceSecondsByWork: Readonly<Record<string, number>>;
  readonly threads: number;
  readonly idle: IdleRatios;
  readonly runSeconds: number;
  readonly updates: number;
  /** Samples that were trained on, by whether they were older than the recipe allows. */
  readonly beyondBound: number;
  readonly withinBound: number;
  readonly sampledTokensPerSecond: number;
  readonly trainedTokensPerSecond: number;
  readonly attemptsPerSecond: number;
}

const pollMs = 100;
const sampleMs = 1000;

/** Address of the policy service, once the launcher has written the configuration down. */
async function policyAddress(folder: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const config = parse(readFileSync(join(folder, 'cluster.yaml'), 'utf8')) as { services: { policy: { host: string; port: number } } };
      const { host, port } = config.services.policy;
      return `${host}:${port}`;
    } catch {
      await sleep(pollMs);
    }
  }
}

async function firstUpdate(folder: string, begun: number, signal: AbortSignal): Promise<number> {
  const policy = connectRpc('PolicyService', await policyAddress(folder, signal));
  try {
    while (!signal.aborted) {
      const device = await policy.Device({}, { timeoutMs: 1000 }).catch(() => undefined);
      if (device && device.trainedTokens > 0) return (performance.now() - begun) / 1000;
      await sleep(pollMs);
    }
    return Number.NaN;
  } finally {
    policy.close();
  }
}

interface Samples {
  peak: number;
  memory: Record<string, number>;
  cpu: Record<string, number>;
}

async function sampleProcesses(launcher: number, signal: AbortSignal): Promise<Samples> {
  const samples: Samples = { peak: 0, memory: {}, cpu: {} };
  while (!signal.aborted) {
    const costs = await processCosts(launcher);
    const sum = costs.reduce((total, { memoryBytes }) => total + memoryBytes, 0);
    if (sum > samples.peak) {
      samples.peak = sum;
      samples.memory = Object.fromEntries(costs.map(({ service, memoryBytes }) => [service, memoryBytes]));
    }
    // A process that has ended keeps what was last seen of it.
    for (const { service, cpuSeconds } of costs) samples.cpu[service] = Math.max(samples.cpu[service] ?? 0, cpuSeconds);
    await sleep(sampleMs, undefined, { signal }).catch(() => {});
  }
  return samples;
}

interface Report {
  readonly elapsedSeconds: number;
  readonly updatesDone: number;
  readonly tokens: { readonly sampled: number; readonly trained: number };
  readonly attempts: { readonly sampled: number };
  readonly staleness: { readonly trained: readonly { readonly samples: number; readonly beyond: number }[] };
  readonly cost: {
    readonly device?: {
      readonly threads: number;
      readonly outsideNative?: number;
      readonly secondsByWork: Record<string, number>;
      readonly idle?: IdleRatios;
    };
  };
}

/** Starts `redqueen run default` over a folder of its own. */
function start({ seed, updates, folder }: BenchOptions) {
  const words = ['run', 'default', '--seed', String(seed), '--updates', String(updates), '--data', folder, '--json'];
  const child = spawn(process.execPath, [join(projectFolder, 'packages/cli/bin/redqueen.mjs'), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk));
  const ended = new Promise<typeof text>((resolve) => child.on('close', () => resolve(text)));
  return { launcher: child.pid ?? 0, ended };
}

/** Runs the default recipe on a cluster of its own and measures what it costs. Throws with the command's output where the run does not finish. */
export async function measure(options: BenchOptions): Promise<Measurement> {
  const { folder } = options;
  const begun = performance.now();
  const { launcher, ended } = start(options);
  const over = new AbortController();
  const first = firstUpdate(folder, begun, over.signal);
  const sampling = sampleProcesses(launcher, over.signal);
  const { stdout, stderr } = await ended;
  over.abort();
  const line = JSON.parse(stdout.trim() || '{}') as { status?: string; run?: string };
  if (line.status !== 'finished' || line.run === undefined) throw new Error(`the run did not finish:\n${stdout}\n${stderr}`);
  const report = JSON.parse(readFileSync(join(folder, 'runs', line.run, 'report.json'), 'utf8')) as Report;
  const samples = await sampling;
  const { device } = report.cost;
  const perSecond = (count: number): number => count / report.elapsedSeconds;
  return {
    firstUpdateSeconds: await first,
    peakMemoryBytes: samples.peak,
    memoryByService: samples.memory,
    cpuSecondsByService: samples.cpu,
    outsideNative: device?.outsideNative ?? Number.NaN,
    deviceSecondsByWork: device?.secondsByWork ?? {},
    threads: device?.threads ?? Number.NaN,
    idle: device?.idle ?? { device: Number.NaN, sampler: Number.NaN, trainer: Number.NaN },
    beyondBound: report.staleness.trained.reduce((sum, { beyond }) => sum + beyond, 0),
    withinBound: report.staleness.trained.reduce((sum, { samples, beyond }) => sum + samples - beyond, 0),
    runSeconds: report.elapsedSeconds,
    updates: report.updatesDone,
    sampledTokensPerSecond: perSecond(report.tokens.sampled),
    trainedTokensPerSecond: perSecond(report.tokens.trained),
    attemptsPerSecond: perSecond(report.attempts.sampled),
  };
}
