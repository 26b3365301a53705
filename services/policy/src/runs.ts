import { agentsOf, modelOf, modelsOf, RedQueenError, type AnyPlugin, type RunRecord } from '@redqueen/core';
import { failRun, modelFile, type ServiceContext } from '@redqueen/runtime';
import type { StartProcess } from './device/host.ts';
import { DeviceHosts, type RunHosts } from './device/hosts.ts';
import { RunPolicies, storesOf } from './run-policies.ts';

/** What a call waits for agents that are still being created. */
const creationMs = 3000;

/** Runs whose policies stay on the device, the attached one included: a run that has just ended can still be asked. */
const runsKept = 3;

/** The runs that this process knows and the devices that they share. */
export class Runs {
  /** None before the first run, which decides about the base models. */
  readonly hosts: DeviceHosts;
  readonly #context: ServiceContext;
  readonly #runs = new Map<string, RunPolicies>();
  readonly #attached = new Set<string>();

  constructor(context: ServiceContext, threads: number, start: StartProcess) {
    this.#context = context;
    const { clock, logger } = context;
    this.hosts = new DeviceHosts({ threads, start, clock, logger });
  }

  /**
   * Makes ready for a run, or again for a resumed one; `plugins` are those of the recipe's packages. Throws `not_found` or `invalid_argument` for a model that is none, and `failed_precondition`
   * for base models that a run under way has no devices for: one device serves one model, and all share the threads.
   */
  attach(record: RunRecord, plugins: readonly AnyPlugin[] = []): RunPolicies {
    const { bus, clock, ids, logger } = this.#context;
    const hosts = this.#hostsFor(record);
    const vacated = this.#runs.get(record.run)?.close() ?? Promise.resolve();
    const policies = new RunPolicies({
      plan: { run: record.run, recipe: record.recipe, seed: record.seed, updates: record.updates, plugins },
      hosts,
      bus,
      stores: storesOf(bus, record.run),
      logger: logger.child({ run: record.run }),
      clock,
      ids,
      vacated,
      fail: (error) => failRun(this.#context, record.run, error.message),
    });
    // Taken out first: the newest run stands last.
    this.#runs.delete(record.run);
    this.#runs.set(record.run, policies);
    this.#attached.add(record.run);
    this.#forgetOldest();
    return policies;
  }

  /** Takes note of whether a run is under way. Once it is not, its policies still answer, but the device may go to others. */
  note(run: string, isRunning: boolean): void {
    if (!isRunning) this.#attached.delete(run);
    else if (this.#runs.has(run)) this.#attached.add(run);
  }

  /** A run's policies. Throws `not_found` naming the runs there are. */
  of(run: string): RunPolicies {
    const policies = this.#runs.get(run);
    if (policies) return policies;
    const known = [...this.#runs.keys()].join(', ') || 'none';
    throw new RedQueenError('not_found', `run ${JSON.stringify(run)} is not on this policy service; runs here: ${known}`);
  }

  /** As `of`; where the run's agents are still being created, they are waited for a little. */
  async ready(run: string, signal: AbortSignal): Promise<RunPolicies> {
    const policies = this.of(run);
    const waited = new AbortController();
    const created = policies.until(({ agents }) => agents.length > 0 || undefined, AbortSignal.any([signal, waited.signal]));
    try {
      await Promise.race([created, this.#context.clock.sleep(creationMs, waited.signal)]);
    } finally {
      waited.abort();
    }
    return policies;
  }

  /** Devices for a run's base models: those there are, or new ones where no other run needs them. */
  #hostsFor({ run, recipe }: RunRecord): RunHosts {
    const { modelsFolder } = this.#context.config.policy;
    const pathOf = (model: string): string => modelFile(model, modelsFolder);
    this.#ready(run, [...new Set(modelsOf(recipe).map(pathOf))]);
    const paths = new Map(agentsOf(recipe).map((each) => [each.agent, pathOf(modelOf(recipe, each))]));
    const { hosts } = this;
    return { all: [...new Set(paths.values())].map((path) => hosts.of(path)), of: (agent) => hosts.of(paths.get(agent) ?? '') };
  }

  #ready(run: string, models: readonly string[]): void {
    const { hosts } = this;
    if (hosts.fit(models)) return;
    const others = [...this.#attached].filter((other) => other !== run);
    if (others.length > 0 && !hosts.failed) {
      const there = hosts.all.map(({ modelPath }) => modelPath);
      if (models.every((model) => there.includes(model))) return;
      const message = `run ${run} wants ${models.join(' and ')}, but the device is in use with ${there.join(' and ')} by run ${others.join(', ')}; wait for its end`;
      throw new RedQueenError('failed_precondition', message);
    }
    for (const policies of this.#runs.values()) void policies.close();
    this.#runs.clear();
    hosts.replace(models);
  }

  #forgetOldest(): void {
    for (const [run, policies] of this.#runs) {
      if (this.#runs.size <= runsKept) return;
      if (this.#attached.has(run)) continue;
      this.#runs.delete(run);
      void policies.close();
    }
  }

  /** Ends the devices. */
  async close(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((policies) => policies.pruner.settled()));
    await this.hosts.close();
  }
}
