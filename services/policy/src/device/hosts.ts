import { RedQueenError, type Clock } from '@redqueen/core';
import type { Logger } from '@redqueen/runtime';
import { DeviceHost, type StartProcess } from './host.ts';

/** The devices of a run: one for each base model that its agents use. */
export interface RunHosts {
  readonly all: readonly DeviceHost[];
  /** The device of an agent's base model. */
  of(agent: string): DeviceHost;
}

/** What devices are started with. */
export interface DeviceHostsOptions {
  /** Threads of all devices together. */
  readonly threads: number;
  readonly start: StartProcess;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One device for each base model in use. They share the threads evenly, since more threads than cores would slow all of them down; so the set of models changes
 * only while no other run needs the devices as they are.
 */
export class DeviceHosts {
  readonly #options: DeviceHostsOptions;
  #hosts: ReadonlyMap<string, DeviceHost> = new Map();

  constructor(options: DeviceHostsOptions) {
    this.#options = options;
  }

  /** All of them, in the order in which a run named them. */
  get all(): readonly DeviceHost[] {
    return [...this.#hosts.values()];
  }

  /** Whether the model of one of them cannot be opened. */
  get failed(): boolean {
    return this.all.some((host) => host.failed);
  }

  /** Whether these devices are the ones for the models, and none has failed. */
  fit(models: readonly string[]): boolean {
    return !this.failed && models.length === this.#hosts.size && models.every((model) => this.#hosts.has(model));
  }

  /** The device of a model. Throws `internal`: callers have asked for it. */
  of(model: string): DeviceHost {
    const host = this.#hosts.get(model);
    if (!host) throw new RedQueenError('internal', `there is no device for ${model}`);
    return host;
  }

  /** Starts devices for these models instead of those before. Throws `failed_precondition` where there are fewer threads than models. */
  replace(models: readonly string[]): void {
    const { threads, start, ...options } = this.#options;
    if (models.length > threads) {
      throw new RedQueenError(
        'failed_precondition',
        `the recipe names ${models.length} base models and policy.threads is ${threads}; every model needs a thread of its own`,
      );
    }
    // The old children must be gone before the new ones take the cores.
    const gone = this.close();
    const each = Math.floor(threads / models.length);
    const startOnceGone: StartProcess = (wanted) => gone.then(() => start(wanted));
    this.#hosts = new Map(
      models.map((modelPath) => [modelPath, new DeviceHost({ ...options, modelPath, threads: each, start: startOnceGone })]),
    );
  }

  /** Ends them. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((host) => host.close()));
  }
}
