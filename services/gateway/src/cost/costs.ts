import type { CostReport, ProcessCost } from '@redqueen/core';
import type { DeviceResponse } from '@redqueen/contract';
import type { KeyValue, ServiceContext } from '@redqueen/runtime';
import { deviceSection, type DeviceCounters } from './device.ts';
import { processCosts } from './processes.ts';

/** Bucket with what the device had counted when a run began. */
const bucketName = 'rq-gateway';
/** Figures younger than this are not asked for again. */
const freshMs = 2000;
const deviceTimeoutMs = 2000;

/** What the cluster costs, asked for at most once every two seconds. */
export class ClusterCosts {
  readonly #context: ServiceContext;
  readonly #bucket: KeyValue;
  #device: { readonly at: number; readonly answer: DeviceResponse | undefined } | undefined;
  /** The process that started this one, or this one where all services share it. */
  readonly #launcher: number;
  #processes: { readonly at: number; readonly costs: readonly ProcessCost[] } | undefined;

  constructor(context: ServiceContext, bucket: KeyValue) {
    this.#context = context;
    this.#bucket = bucket;
    this.#launcher = context.bus.kind === 'memory' ? process.pid : process.ppid;
  }

  /** With its own bucket. */
  static async open(context: ServiceContext): Promise<ClusterCosts> {
    return new ClusterCosts(context, await context.bus.keyValue(bucketName));
  }

  /** The policy device as it is now; undefined where the policy service does not answer. */
  async device(): Promise<DeviceResponse | undefined> {
    const now = this.#context.clock.now();
    if (!this.#device || now - this.#device.at > freshMs) {
      const answer = await this.#context
        .connect('policy')
        .Device({}, { timeoutMs: deviceTimeoutMs })
        .catch(() => undefined);
      this.#device = { at: now, answer };
    }
    return this.#device.answer;
  }

  /** Notes what the device has counted so far, once a run: the run's own share is what comes on top. */
  async begin(run: string): Promise<void> {
    const device = await this.device();
    if (!device || (await this.#bucket.get(`${run}.device`))) return;
    const { sampledTokens, trainedTokens, laneSeconds, nativeSeconds, secondsByWork } = device;
    const counters: DeviceCounters = { sampledTokens, trainedTokens, laneSeconds, nativeSeconds, secondsByWork };
    await this.#bucket.put(`${run}.device`, new TextEncoder().encode(JSON.stringify(counters)));
  }

  /** What a run cost so far. */
  async of(run: string): Promise<Omit<CostReport, 'firstUpdateSeconds'>> {
    const device = await this.device();
    const entry = await this.#bucket.get(`${run}.device`);
    const before = entry ? (JSON.parse(new TextDecoder().decode(entry.value)) as DeviceCounters) : undefined;
    return { ...(device ? { device: deviceSection(device, before) } : {}), processes: await this.#processCosts() };
  }

  async #processCosts(): Promise<readonly ProcessCost[]> {
    const now = this.#context.clock.now();
    if (!this.#processes || now - this.#processes.at > freshMs) this.#processes = { at: now, costs: await processCosts(this.#launcher) };
    return this.#processes.costs;
  }
}
