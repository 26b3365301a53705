import { RedQueenError, type RunRecord } from '@redqueen/core';
import { addressOf } from '@redqueen/contract';
import { tellFromOutside } from '@redqueen/runtime';
import type { Gateway } from '../gateway.ts';
import { isLive } from '../runs/views.ts';
import type { RunView } from '../runs/view.ts';
import { concludeRun, troubleText } from './finish.ts';
import { plan, type Step } from './plan.ts';

/** Between two looks at a run. */
const tickMs = 200;
/** Pause after a step that could not be done. */
const troubleMs = 2000;

const self = addressOf('gateway/0');

/**
 * Keeps every live run going: starts it, asks for anchors, ends it. All it knows comes from the record and the stream (`plan`), so a gateway that
 * starts again goes on where the last one was, and two gateways do no harm: their messages have the same ids.
 */
export class RunControl {
  readonly #gateway: Gateway;
  readonly #loops = new Map<string, Promise<void>>();
  #following: Promise<void> | undefined;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** Takes charge of every run that is live or becomes so, until the service ends. */
  start(): void {
    this.#following = this.#follow();
  }

  /** Resolves once nothing is at work any more; the service's signal must have aborted. */
  async ended(): Promise<void> {
    await this.#following;
    await Promise.all(this.#loops.values());
  }

  async #follow(): Promise<void> {
    const { runs, views, context } = this.#gateway;
    while (!context.signal.aborted) {
      try {
        for await (const record of runs.watch(context.signal, context.logger)) {
          const open = views.open(record.run);
          if (open) open.record = record;
          if (isLive(record)) this.#take(record);
        }
      } catch (error) {
        if (context.signal.aborted) return;
        context.logger.warn({ err: error }, 'cannot follow the runs; trying again');
        await context.clock.sleep(troubleMs, context.signal).catch(() => {});
      }
    }
  }

  #take(record: RunRecord): void {
    if (this.#loops.has(record.run)) return;
    const view = this.#gateway.views.of(record);
    const loop = this.#control(view).finally(() => {
      this.#loops.delete(record.run);
      // It was resumed while the loop was ending.
      if (isLive(view.record) && !this.#gateway.context.signal.aborted) this.#take(view.record);
    });
    this.#loops.set(record.run, loop);
  }

  async #control(view: RunView): Promise<void> {
    const { context, costs } = this.#gateway;
    await costs.begin(view.record.run).catch((error: unknown) => context.logger.warn({ err: error }, 'the device could not be asked'));
    while (isLive(view.record) && !context.signal.aborted) {
      let pause = tickMs;
      try {
        if (view.caughtUp) await this.#tick(view);
        view.problem = '';
      } catch (error) {
        if (context.signal.aborted) return;
        view.problem = troubleText(error);
        context.logger.warn({ err: error, run: view.record.run }, `run ${view.record.run}: ${view.problem}`);
        pause = troubleMs;
      }
      await context.clock.sleep(pause, context.signal).catch(() => {});
    }
    // A service that cannot work with the recipe has failed the run: what it did until then is written down all the same.
    if (view.record.status === 'failed') await this.#conclude(view, 'failed', view.record.error ?? '');
  }

  async #conclude(view: RunView, status: 'finished' | 'stopped' | 'failed', error: string): Promise<void> {
    const { run } = view.record;
    const { logger } = this.#gateway.context;
    try {
      view.record = await concludeRun(this.#gateway, view, status, error);
      if (view.record.status === status) logger.info({ run }, `run ${run} is ${status}`);
    } catch (reason) {
      if (status !== 'failed') throw reason;
      logger.error({ err: reason, run }, `the report of the failed run ${run} cannot be written`);
    }
  }

  async #tick(view: RunView): Promise<void> {
    for (const step of plan(view.record, view.projection, this.#gateway.context.clock.now())) await this.#perform(view, step);
  }

  async #perform(view: RunView, step: Step): Promise<void> {
    const { bus, logger } = this.#gateway.context;
    const { run } = view.record;
    if (step.kind === 'tell') {
      await tellFromOutside(bus, { id: step.id, run, from: self, to: step.to }, step.told);
      return;
    }
    if (step.kind === 'fail') logger.error({ run }, `run ${run} fails: ${step.error}`);
    const status = step.kind === 'finish' ? 'finished' : step.kind === 'stopped' ? 'stopped' : 'failed';
    await this.#conclude(view, status, step.kind === 'fail' ? step.error : '');
  }
}

/** A run id that no other run has: the recipe's name and a fresh piece. */
export function freshRunId(recipe: string, fresh: string): string {
  const piece = fresh
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 8)
    .toLowerCase();
  if (piece === '') throw new RedQueenError('internal', 'the id source gave nothing to make a run id of');
  return `${recipe}-${piece}`;
}
