import type { Clock, RunRecord } from '@redqueen/core';
import { loadPlugins, type Bus, type Logger } from '@redqueen/runtime';
import { emptyBench, openBench } from '../monitors/bench.ts';
import { emptyProjection, fold, type Projection } from '../projection/projection.ts';

/** What a view needs. */
export interface ViewContext {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Messages folded between two breaths, so that a long replay leaves the process responsive. */
const breath = 500;
/** Pause before the stream is read again after an error. */
const retryMs = 1000;

/** A run's projection, following its stream until it is closed. */
export class RunView {
  readonly projection: Projection;
  /** The newest record; whoever learns of a change sets it. */
  record: RunRecord;
  /** Trouble that a person should know of, e.g. a full disk; empty when all is well. */
  problem = '';
  readonly #context: ViewContext;
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;
  /** Sequence that was the newest when the view was opened; undefined until it is known. */
  #target: number | undefined;

  constructor(record: RunRecord, context: ViewContext) {
    this.record = record;
    this.projection = emptyProjection(record.recipe, emptyBench());
    this.#context = context;
    this.#done = this.#follow();
  }

  /** Whether everything that was stored when the view was opened is folded in. */
  get caughtUp(): boolean {
    return this.#target !== undefined && this.projection.sequence >= this.#target;
  }

  /** Resolves once the view has caught up, or is closed. */
  async ready(signal?: AbortSignal): Promise<void> {
    while (!this.caughtUp && !this.#closing.signal.aborted) await this.#context.clock.sleep(20, signal);
  }

  /** Stops following. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#done;
  }

  /** Monitors may come with a package: where it cannot be loaded any more, the run can be looked at all the same. */
  async #openBench(): Promise<void> {
    const { recipe, run } = this.record;
    try {
      this.projection.monitors = openBench(recipe, await loadPlugins(recipe.plugins));
    } catch (error) {
      this.#context.logger.warn({ err: error, run }, 'the monitors of the run cannot be opened');
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    await this.#openBench();
    while (!signal.aborted) {
      try {
        await this.#read(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#context.logger.warn({ err: error, run: this.record.run }, 'cannot follow the stream; trying again');
        await this.#context.clock.sleep(retryMs, signal).catch(() => {});
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { bus, clock } = this.#context;
    this.#target ??= await bus.lastSequence(this.record.run);
    let sinceBreath = 0;
    for await (const stored of bus.read(this.record.run, { from: this.projection.sequence + 1, follow: true, signal })) {
      fold(this.projection, stored);
      if (++sinceBreath % breath === 0) await clock.sleep(0, signal);
    }
  }
}
