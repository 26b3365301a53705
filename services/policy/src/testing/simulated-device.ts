import { RedQueenError } from '@redqueen/core';
import type { AgentFiles, DeviceReport, InitialFiles, PolicyDevice, SampledGroup, UpdateStats } from '@redqueen/llama';
import type { DeviceProcess } from '../device/host.ts';
import { sha256Of } from '@redqueen/runtime';

// For tests of the lineage alone: weights are a text that says how they came about, so that a test can read what was trained, in which order.

interface SimulatedAgent {
  weights: string;
  readonly versions: Map<number, string>;
}

const report: DeviceReport = {
  model: 'simulated',
  modelHash: '',
  architecture: 'none',
  backend: 'none',
  threads: 1,
  sampledTokens: 0,
  trainedTokens: 0,
  laneSeconds: 0,
  nativeSeconds: 0,
  upSeconds: 0,
  secondsByWork: {},
};

const stats: UpdateStats = { loss: 1, gradientNorm: 1, clipFraction: 0, approximateKl: 0, entropy: 1, logProbMismatch: 0, tokens: 1 };

/** The files of simulated weights; the optimizer's file tells them in full. */
export function simulatedFiles(weights: string): AgentFiles {
  return { adapter: Buffer.from(`adapter of ${weights}`), optimizer: Buffer.from(weights) };
}

/** A device whose weights are texts: a learning rate of 0 changes nothing, any other appends the prompt tokens of the batch and the rate. */
export class SimulatedDevice implements PolicyDevice {
  readonly agents = new Map<string, SimulatedAgent>();
  /** Canary difference of every adapter. */
  everyCanary = 0;
  /** Calls of `train` that still succeed before the process dies. */
  trainingsLeft = Number.POSITIVE_INFINITY;
  #dead = Promise.withResolvers<string>();
  #isDead = false;

  /** Ends the process: every call fails from now on. */
  die(): void {
    this.#isDead = true;
    this.#dead.resolve('killed');
  }

  /** As a child process. */
  process(): DeviceProcess {
    return { device: this, report, pid: undefined, exited: this.#dead.promise, close: () => Promise.resolve(this.die()) };
  }

  async open(): Promise<DeviceReport> {
    return this.#alive(report);
  }

  async createAgent(agent: string, settings: { seed: number }, files?: InitialFiles): Promise<void> {
    if (this.#alive(this.agents).has(agent)) throw new RedQueenError('already_exists', `agent ${agent} exists`);
    const weights = files?.optimizer ? Buffer.from(files.optimizer).toString() : `seed ${settings.seed}`;
    this.agents.set(agent, { weights, versions: new Map() });
  }

  async removeAgent(agent: string): Promise<void> {
    this.#alive(this.agents).delete(agent);
  }

  async loadVersion(agent: string, version: number, adapter: Uint8Array, sha256: string): Promise<{ canaryDifference: number }> {
    if (sha256Of(adapter) !== sha256) throw new RedQueenError('data_loss', 'adapter: hash does not fit');
    this.#of(agent).versions.set(version, sha256);
    return { canaryDifference: this.everyCanary };
  }

  async dropVersion(agent: string, version: number): Promise<void> {
    this.#of(agent).versions.delete(version);
  }

  async generate(request: Parameters<PolicyDevice['generate']>[0]): Promise<readonly SampledGroup[]> {
    const { versions } = this.#of(request.agent);
    if (request.version !== 0 && !versions.has(request.version)) throw new RedQueenError('not_found', `version ${request.version}`);
    return request.prompts.map(() => ({ prompt: '', promptTokens: Int32Array.of(1), samples: [] }));
  }

  async score(): Promise<readonly SampledGroup[]> {
    return this.#alive([]);
  }

  async train(request: Parameters<PolicyDevice['train']>[0]): Promise<UpdateStats> {
    if (this.trainingsLeft-- <= 0) this.die();
    const agent = this.#of(request.agent);
    const { learningRate } = request.update;
    const tokens = request.groups.map((group) => group.promptTokens.join(' ')).join(' ');
    if (learningRate > 0) agent.weights += `|${tokens}@${learningRate.toPrecision(6)}`;
    return stats;
  }

  async exportAgent(agent: string): Promise<AgentFiles> {
    return simulatedFiles(this.#of(agent).weights);
  }

  async restoreAgent(agent: string, files: AgentFiles): Promise<void> {
    this.#of(agent).weights = Buffer.from(files.optimizer).toString();
  }

  async report(): Promise<DeviceReport> {
    return this.#alive(report);
  }

  #of(name: string): SimulatedAgent {
    const agent = this.#alive(this.agents).get(name);
    if (!agent) throw new RedQueenError('not_found', `agent ${name}`);
    return agent;
  }

  #alive<Value>(value: Value): Value {
    if (this.#isDead) throw new RedQueenError('unavailable', 'the device has died');
    return value;
  }
}
