import { RedQueenError, type AnyPlugin, type RunRecord } from '@redqueen/core';
import { failRun, modelFile, type ServiceContext } from '@redqueen/runtime';
import { DeviceHost, type StartProcess } from './device/host.ts';
import { RunPolicies, storesOf } from './run-policies.ts';

/** Runs whose policies stay on the device, the attached one included: a run that has just ended can still be asked. */
const runsKept = 3;

/** The runs that this process knows and the device that they share. */
export class Runs {
  readonly #context: ServiceContext;
  readonly #threads: number;
  readonly #start: StartProcess;
  readonly #runs = new Map<string, RunPolicies>();
  readonly #attached = new Set<string>();
  #host: DeviceHost | undefined;

  constructor(context: ServiceContext, threads: number, start: StartProcess) {
    this.#context = context;
    this.#threads = threads;
    this.#start = start;
  }

  /** The device; undefined before the first run. */
  get host(): DeviceHost | undefined {
    return this.#host;
  }

  /**
   * Makes ready for a run, or again for a resumed one; `plugins` are those of the recipe's packages. Throws `not_found` or `invalid_argument` for a model that is none, and `failed_precondition`
   * for another base model than that of a run under way: one device serves one.
   */
  attach(record: RunRecord, plugins: readonly AnyPlugin[] = []): RunPolicies {
    const { bus, config, logger } = this.#context;
    const host = this.#hostFor(modelFile(record.recipe.model, config.policy.modelsFolder), record.run);
    const vacated = this.#runs.get(record.run)?.served.close() ?? Promise.resolve();
    const policies = new RunPolicies({
      plan: { run: record.run, recipe: record.recipe, seed: record.seed, updates: record.updates, plugins },
      host,
      bus,
      stores: storesOf(bus, record.run),
      logger: logger.child({ run: record.run }),
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

  #hostFor(modelPath: string, run: string): DeviceHost {
    if (this.#host?.modelPath === modelPath && !this.#host.failed) return this.#host;
    const others = [...this.#attached].filter((other) => other !== run);
    if (this.#host && !this.#host.failed && others.length > 0) {
      const message = `run ${run} wants model ${modelPath}, but the device is in use with ${this.#host.modelPath} by run ${others.join(', ')}; wait for its end`;
      throw new RedQueenError('failed_precondition', message);
    }
    // The old child must be gone before the new one takes the cores.
    const gone = this.#host?.close() ?? Promise.resolve();
    this.#runs.clear();
    const { clock, logger } = this.#context;
    const start: StartProcess = (options) => gone.then(() => this.#start(options));
    this.#host = new DeviceHost({
      modelPath,
      threads: this.#threads,
      sampling: this.#context.config.policy.sampling,
      start,
      clock,
      logger,
    });
    return this.#host;
  }

  #forgetOldest(): void {
    for (const [run, policies] of this.#runs) {
      if (this.#runs.size <= runsKept) return;
      if (this.#attached.has(run)) continue;
      this.#runs.delete(run);
      void policies.served.close();
    }
  }

  /** Ends the device. */
  async close(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((policies) => policies.pruner.settled()));
    await this.#host?.close();
  }
}
