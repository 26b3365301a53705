import { RedQueenError, seedOf } from '@redqueen/core';
import type { AgentFiles, PolicyDevice } from '@redqueen/llama';
import { keptVersions, servedVersions } from '../lineage/retention.ts';
import {
  agentOf,
  attestedHash,
  committedFiles,
  settingsOf,
  type AgentState,
  type Files,
  type PolicyState,
  type RunPlan,
  type Version,
} from '../lineage/state.ts';
import { maxCanaryDifference } from '../lineage/training.ts';
import type { FileStores } from '../store/pruner.ts';
import type { DeviceHost } from './host.ts';
import type { RunHosts } from './hosts.ts';

/** Versions beyond the served ones that stay loaded because somebody asked for them lately. */
const recentlyAsked = 4;

/** What the device has ready for a call. */
export interface ReadyVersion {
  readonly device: PolicyDevice;
  /** The agent's name on the device. */
  readonly agentName: string;
  /** The version whose weights the device must use: an alias of a version shares its weights. */
  readonly source: number;
  readonly version: Version;
}

interface Loaded {
  readonly hash: string;
  readonly done: Promise<number>;
}

/** Whose agents and versions, and where they come from. */
export interface ServedOptions {
  readonly plan: RunPlan;
  readonly hosts: RunHosts;
  readonly stores: FileStores;
  /** Resolves once the agents of an earlier attachment of the same run are gone from the device. */
  readonly vacated: Promise<void>;
}

/**
 * The agents and versions of one run as the device has them. Whatever the device lacks (it is new, or it was started again) is created and loaded
 * from the object stores when it is needed; each thing once at a time.
 */
export class Served {
  readonly #plan: RunPlan;
  readonly #hosts: RunHosts;
  readonly #stores: FileStores;
  readonly #vacated: Promise<void>;
  /** By agent: the newest version that the stream promises, while the state is still catching up with it. */
  readonly #promised = new Map<string, number>();
  #closed = false;
  readonly #generations = new Map<DeviceHost, number>();
  readonly #agents = new Map<string, Promise<void>>();
  /** By agent, then by source version; in the order in which they were last asked for. */
  readonly #versions = new Map<string, Map<number, Loaded>>();

  constructor({ plan, hosts, stores, vacated }: ServedOptions) {
    this.#plan = plan;
    this.#hosts = hosts;
    this.#stores = stores;
    this.#vacated = vacated;
  }

  /** The agent's name on the device: unique over runs. */
  nameOf(agent: string): string {
    return `${this.#plan.run}:${agent}`;
  }

  /** The agent's device as it runs now; what an earlier child had loaded is forgotten. */
  async device(agent: string, signal?: AbortSignal): Promise<{ readonly device: PolicyDevice; readonly generation: number }> {
    if (this.#closed) throw new RedQueenError('unavailable', `run ${this.#plan.run} is being attached anew; try again`);
    await this.#vacated;
    const host = this.#hosts.of(agent);
    const running = await host.running(signal);
    if (running.generation !== this.#generations.get(host)) {
      this.#generations.set(host, running.generation);
      this.#forget(host);
    }
    return running;
  }

  #forget(host: DeviceHost): void {
    for (const known of [this.#agents, this.#versions])
      for (const agent of known.keys()) if (this.#hosts.of(agent) === host) known.delete(agent);
  }

  /**
   * Gets a version ready; the released one where none is named. Throws `not_found` for an unknown agent or a version that is not kept,
   * naming those that are, `failed_precondition` for one that the gate refused, `unavailable` for one that is being made again, and `data_loss` for a file that cannot be used.
   */
  async ready(state: PolicyState, agentName: string, number: number | undefined, signal?: AbortSignal): Promise<ReadyVersion> {
    const agent = agentOf(state, agentName);
    const version = this.#known(agent, number ?? agent.current);
    const { device } = await this.device(agentName, signal);
    await this.agent(agent);
    await this.version(agentName, version);
    this.trim(state, agentName);
    return { device, agentName: this.nameOf(agentName), source: version.source, version };
  }

  /** A version of that number was told before a restart: whoever asks for it must wait, not give up. */
  promise(agentName: string, number: number): void {
    this.#promised.set(agentName, Math.max(number, this.#promised.get(agentName) ?? 0));
  }

  #known(agent: AgentState, number: number): Version {
    const version = agent.versions[number];
    // One whose measuring was cut short may still have anchors under way, whose answers nobody waits for.
    if (version?.status === 'refused' && version.passed !== '') {
      throw new RedQueenError(
        'failed_precondition',
        `version ${number} of ${agent.agent} was refused (${version.reason}) and is not served; export it to look at it, or promote it`,
      );
    }
    const kept = keptVersions(agent, this.#plan.recipe.maxStaleness);
    // Version 0 of an agent whose files are on their way is the base model: there is nothing to wait for.
    if (version && (version.source === 0 || (version.files && kept.has(number)))) return version;
    if (number >= agent.versions.length && number <= (this.#promised.get(agent.agent) ?? 0)) {
      throw new RedQueenError('unavailable', `version ${number} of ${agent.agent} is being made again after a restart; try again`);
    }
    const names = [...kept].sort((a, b) => a - b).join(', ');
    throw new RedQueenError('not_found', `version ${number} of ${agent.agent} is not served; served versions are ${names}`);
  }

  /** Creates the agent on the device where it does not exist: from its committed files, or with fresh weights that only the run's seed decides. */
  async agent(agent: AgentState): Promise<void> {
    const { device } = await this.device(agent.agent);
    const known = this.#agents.get(agent.agent);
    if (known) return known;
    const creation = this.#create(device, agent).catch((reason: unknown) => {
      // Unless it was forgotten and is being created on the next child.
      if (this.#agents.get(agent.agent) === creation) this.#agents.delete(agent.agent);
      throw reason;
    });
    this.#agents.set(agent.agent, creation);
    return creation;
  }

  /** Creates the agent anew: what an activation that failed has made of it on the device is gone. */
  async fresh(agent: AgentState): Promise<void> {
    const name = agent.agent;
    const { device } = await this.device(name);
    const known = this.#agents.get(name);
    if (known) {
      await known;
      this.#agents.delete(name);
      this.#versions.delete(name);
      await device.removeAgent(this.nameOf(name));
    }
    await this.agent(agent);
  }

  async #create(device: PolicyDevice, agent: AgentState): Promise<void> {
    const { rank, alpha } = settingsOf(this.#plan, agent).adapter;
    const seed = seedOf(this.#plan.seed, agent.agent, 'adapter');
    const files = await this.#filesFor(committedFiles(agent));
    await device.createAgent(this.nameOf(agent.agent), { rank, alpha, seed }, files);
  }

  /** Committed files that cannot be read must not keep version 0, or a rollback, from working: training says so when it needs them. */
  async #filesFor(files: Files | undefined): Promise<AgentFiles | undefined> {
    if (!files) return undefined;
    try {
      return await this.read(files);
    } catch (reason) {
      if (RedQueenError.from(reason).retryable) throw reason;
      return undefined;
    }
  }

  /** The files of a trainable state. Throws `not_found` or `data_loss`, see ContentStore. */
  async read(files: Files): Promise<AgentFiles> {
    const [adapter, optimizer] = await Promise.all([
      this.#stores.adapters.get(files.adapter),
      this.#stores.optimizers.get(files.optimizer),
    ]);
    return { adapter, optimizer };
  }

  /** Loads a version's weights where the device lacks them. Answers the canary's difference; throws `data_loss` where it is too large. */
  async version(agentName: string, version: Version): Promise<number> {
    if (version.source === 0) return 0;
    const hash = attestedHash(version);
    const loaded = this.#versionsOf(agentName);
    const known = loaded.get(version.source);
    if (known?.hash === hash) {
      loaded.delete(version.source);
      loaded.set(version.source, known);
      return known.done;
    }
    const bytes = await this.#stores.adapters.get(hash);
    const difference = await this.load(agentName, version.source, bytes, hash);
    if (difference <= maxCanaryDifference) return difference;
    throw new RedQueenError('data_loss', `adapter ${hash} of ${agentName}: canary log-probs under stock llama.cpp differ by ${difference}`);
  }

  /** Loads an adapter as that version. Answers the canary's difference, however large. */
  async load(agentName: string, source: number, bytes: Uint8Array, hash: string): Promise<number> {
    const { device } = await this.device(agentName);
    const loaded = this.#versionsOf(agentName);
    const other = loaded.get(source);
    if (other?.hash === hash) return other.done;
    const name = this.nameOf(agentName);
    const work = async (): Promise<number> => {
      if (other) await device.dropVersion(name, source);
      return (await device.loadVersion(name, source, bytes, hash)).canaryDifference;
    };
    const done = work().catch((reason: unknown) => {
      loaded.delete(source);
      throw reason;
    });
    loaded.set(source, { hash, done });
    return done;
  }

  /** Drops versions that are neither served nor among those asked for lately. */
  trim(state: PolicyState, agentName: string): void {
    const agent = agentOf(state, agentName);
    const pinned = new Set(servedVersions(agent, this.#plan.recipe.maxStaleness).map((number) => agent.versions[number]?.source));
    const loaded = this.#versionsOf(agentName);
    const others = [...loaded.keys()].filter((source) => !pinned.has(source));
    for (const source of others.slice(0, Math.max(0, others.length - recentlyAsked))) {
      loaded.delete(source);
      void this.#drop(agentName, source);
    }
  }

  async #drop(agentName: string, source: number): Promise<void> {
    const { device } = await this.device(agentName);
    // A device that died has dropped everything.
    await device.dropVersion(this.nameOf(agentName), source).catch(() => {});
  }

  #versionsOf(agentName: string): Map<number, Loaded> {
    const known = this.#versions.get(agentName);
    if (known) return known;
    const fresh = new Map<number, Loaded>();
    this.#versions.set(agentName, fresh);
    return fresh;
  }

  /** Removes the run's agents from their devices, for good. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const agents = [...this.#agents.keys()].filter((agent) => this.#hosts.of(agent).up);
    const devices = agents.map(async (agent) => ({ agent, ...(await this.device(agent)) }));
    this.#closed = true;
    this.#agents.clear();
    this.#versions.clear();
    await Promise.allSettled(devices.map(async (found) => (await found).device.removeAgent(this.nameOf((await found).agent))));
  }
}
