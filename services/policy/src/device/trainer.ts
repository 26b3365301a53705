import type { Batch, TrainingStats } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { PolicyDevice } from '@redqueen/llama';
import type { Logger } from '@redqueen/runtime';
import {
  agentOf,
  committedFiles,
  settingsOf,
  versionOf,
  type AgentState,
  type Files,
  type PolicyState,
  type RunPlan,
  type Version,
} from '../lineage/state.ts';
import type { Publication } from '../lineage/training.ts';
import { optimizers, type TrainRequest } from '../optimizers/index.ts';
import { sha256Of } from '@redqueen/runtime';
import type { FileStores } from '../store/pruner.ts';
import type { Served } from './served.ts';

/** Times that the child may die over one batch before the batch is skipped. */
const maxDeaths = 3;

type Loaded = { readonly kind: 'loaded'; readonly canaryDifference: number } | { readonly kind: 'rejected'; readonly problem: string };

/**
 * The training side of the device for one run. The device's training state follows the lineage's state; where it may have run ahead or was lost
 * (a call failed, the child died, the service came back), the agent is put back to its committed files and what was trained since is done again
 * with the same learning rates before anything else happens to it.
 */
export class Trainer {
  readonly #plan: RunPlan;
  readonly #served: Served;
  readonly #stores: FileStores;
  readonly #logger: Logger;
  /** Generation of the device on which an agent's training state is that of the lineage. */
  #steps = new Map<string, number>();
  readonly #deaths = new Map<string, number>();

  constructor(plan: RunPlan, served: Served, stores: FileStores, logger: Logger) {
    this.#plan = plan;
    this.#served = served;
    this.#stores = stores;
    this.#logger = logger;
  }

  /** The lineage's state may no longer be what the device has: every agent is brought back in step before its next use. */
  lost(): void {
    this.#steps = new Map();
  }

  /** Creates the agent with fresh weights and stores them. */
  async create(agent: AgentState): Promise<Files> {
    const { device, generation } = await this.#served.device(agent.agent);
    await this.#served.fresh(agent);
    const { adapter, optimizer } = await device.exportAgent(this.#served.nameOf(agent.agent));
    this.#steps.set(agent.agent, generation);
    return this.#store(adapter, optimizer);
  }

  /** Puts the agent's training state to these files. */
  async rewind(agent: AgentState, files: Files): Promise<void> {
    const { device, generation } = await this.#served.device(agent.agent);
    await this.#served.agent(agent);
    await device.restoreAgent(this.#served.nameOf(agent.agent), await this.#served.read(files));
    this.#steps.set(agent.agent, generation);
  }

  /** Loads an earlier version's files to serve and to train on. Answers why they cannot be used, or nothing. */
  async reinstate(agent: AgentState, version: Version, files: Files): Promise<string | undefined> {
    try {
      await this.#served.agent(agent);
      await this.#served.version(agent.agent, version);
      await this.rewind(agent, files);
      return undefined;
    } catch (reason) {
      return problemOf(reason);
    }
  }

  /** One update. Answers nothing where there is nothing to compute, or the device cannot work on the batch at all. */
  async train(state: PolicyState, name: string, batch: Batch, learningRate: number): Promise<TrainingStats | undefined> {
    const agent = agentOf(state, name);
    if (!settingsOf(this.#plan, agent).trains || batch.groups.length === 0) return undefined;
    const device = await this.inStep(agent);
    const key = `${name}#${batch.number}`;
    try {
      const stats = await this.#update(device, agent, batch, learningRate);
      this.#deaths.delete(key);
      if (stats.tokens === 0)
        this.#logger.info(
          { agent: name, batch: batch.number },
          `batch ${batch.number} of ${name} has no signal: the weights stay as they are`,
        );
      return stats;
    } catch (reason) {
      this.#steps.delete(name);
      const error = RedQueenError.from(reason);
      const deaths = (this.#deaths.get(key) ?? 0) + 1;
      if (error.code === 'unavailable') this.#deaths.set(key, deaths);
      const hopeless = error.code === 'invalid_argument' || (error.code === 'unavailable' && deaths >= maxDeaths);
      if (!hopeless) throw error;
      this.#logger.error({ err: error, agent: name, batch: batch.number }, `batch ${batch.number} of ${name} is skipped: ${error.message}`);
      return undefined;
    }
  }

  /** Stores the weights in training and loads them as a version, unless they are those of the current version. */
  async publish(state: PolicyState, name: string, number: number): Promise<Publication> {
    const agent = agentOf(state, name);
    if (!agent.uncommitted.some((update) => update.stats)) return { kind: 'unchanged' };
    const device = await this.inStep(agent);
    const { adapter, optimizer } = await device.exportAgent(this.#served.nameOf(name));
    const hash = sha256Of(adapter);
    if (hash === versionOf(agent, agent.current).files?.adapter) return { kind: 'unchanged' };
    // Storing is waiting for the bus, loading is work of the device: both at once.
    const [files, loaded] = await Promise.all([this.#store(adapter, optimizer), this.#load(name, number, adapter, hash)]);
    return { ...loaded, files };
  }

  async #load(name: string, number: number, adapter: Uint8Array, hash: string): Promise<Loaded> {
    try {
      return { kind: 'loaded', canaryDifference: await this.#served.load(name, number, adapter, hash) };
    } catch (reason) {
      return { kind: 'rejected', problem: problemOf(reason) };
    }
  }

  /** Brings the agent's training state on the device in step with the lineage's. */
  async inStep(agent: AgentState): Promise<PolicyDevice> {
    const { device, generation } = await this.#served.device(agent.agent);
    if (this.#steps.get(agent.agent) === generation) return device;
    const files = committedFiles(agent);
    if (!files) throw new RedQueenError('internal', `${agent.agent} has no committed files`);
    await this.rewind(agent, files);
    for (const { batch, learningRate, stats } of agent.uncommitted) {
      if (stats) await this.#update(device, agent, batch, learningRate);
    }
    if (agent.uncommitted.length > 0) {
      this.#logger.info(
        { agent: agent.agent, batches: agent.uncommitted.length },
        `${agent.agent}: updates since the last commit were done again`,
      );
    }
    return device;
  }

  #update(device: PolicyDevice, agent: AgentState, batch: Batch, learningRate: number): Promise<TrainingStats> {
    const { optimizer } = settingsOf(this.#plan, agent);
    const made = optimizers.with(this.#plan.plugins ?? []).create(optimizer, {}, `roles.${agent.role}.optimizer`);
    const request = made.request(batch, optimizer, learningRate) as TrainRequest;
    return device.train({ agent: this.#served.nameOf(agent.agent), ...request });
  }

  async #store(adapter: Uint8Array, optimizer: Uint8Array): Promise<Files> {
    const [adapterHash, optimizerHash] = await Promise.all([this.#stores.adapters.put(adapter), this.#stores.optimizers.put(optimizer)]);
    return { adapter: adapterHash, optimizer: optimizerHash };
  }
}

/** Why files cannot be used. Throws what a retry can cure. */
function problemOf(reason: unknown): string {
  const error = RedQueenError.from(reason);
  if (error.retryable || error.code === 'internal' || error.code === 'cancelled') throw error;
  return error.message;
}
