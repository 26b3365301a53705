import { RedQueenError, type Clock, type IdSource } from '@redqueen/core';
import type { Bus, Logger } from '@redqueen/runtime';
import type { RunHosts } from './device/hosts.ts';
import { Served } from './device/served.ts';
import { Trainer } from './device/trainer.ts';
import { Leases } from './leases/leases.ts';
import { emptyState, type PolicyState, type RunPlan } from './lineage/state.ts';
import { ContentStore } from '@redqueen/runtime';
import { Pruner, type FileStores } from './store/pruner.ts';

/** What a run's policies are made of. */
export interface RunPoliciesOptions {
  readonly plan: RunPlan;
  readonly hosts: RunHosts;
  readonly bus: Bus;
  readonly stores: FileStores;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Resolves once the device may be used for this run, e.g. once the agents of an earlier attachment are gone. */
  readonly vacated: Promise<void>;
  /** Ends the run with an error that no retry can cure. */
  readonly fail: (error: RedQueenError) => Promise<void>;
}

/** The policies of one run in this process: the actor writes the state, RPCs read it. */
export class RunPolicies {
  readonly plan: RunPlan;
  readonly hosts: RunHosts;
  readonly bus: Bus;
  readonly stores: FileStores;
  readonly served: Served;
  readonly leases: Leases;
  readonly trainer: Trainer;
  readonly pruner: Pruner;
  readonly logger: Logger;
  readonly fail: (error: RedQueenError) => Promise<void>;
  #state: PolicyState = emptyState;
  #changed = Promise.withResolvers<void>();

  constructor({ plan, hosts, bus, stores, logger, clock, ids, vacated, fail }: RunPoliciesOptions) {
    this.fail = fail;
    this.plan = plan;
    this.hosts = hosts;
    this.bus = bus;
    this.stores = stores;
    this.logger = logger;
    this.served = new Served({ plan, hosts, stores, vacated });
    this.leases = new Leases({ plan, served: this.served, stores, clock, ids });
    this.trainer = new Trainer(plan, this.served, stores, logger);
    this.pruner = new Pruner(plan, stores, logger);
  }

  /** The state after the last message that was handled. Throws `unavailable` before the run's start was: it will be soon. */
  get state(): PolicyState {
    if (this.#state.agents.length > 0) return this.#state;
    throw new RedQueenError('unavailable', `the agents of run ${this.plan.run} are still being created; try again`);
  }

  /** Removes everything of the run from the device, for good. */
  async close(): Promise<void> {
    await this.leases.close();
    await this.served.close();
  }

  /** The actor has a new state. */
  publish(state: PolicyState): void {
    this.#state = state;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** Waits until the state answers the question. Throws the signal's reason when it aborts first. */
  async until<Answer>(question: (state: PolicyState) => Answer | undefined, signal: AbortSignal): Promise<Answer> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    aborted.catch(() => {});
    try {
      for (;;) {
        signal.throwIfAborted();
        const answer = question(this.#state);
        if (answer !== undefined) return answer;
        await Promise.race([this.#changed.promise, aborted]);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** The stores of a run's files. */
export function storesOf(bus: Bus, run: string): FileStores {
  return { adapters: new ContentStore(bus, 'adapters', run), optimizers: new ContentStore(bus, 'optimizers', run) };
}
