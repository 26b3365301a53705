import type { RunRecord } from '@redqueen/core';
import { RunView, type ViewContext } from './view.ts';

/** How many views of runs that are over stay open for whoever looks at them again. */
const idleLimit = 3;

/** Whether a run goes on. */
export function isLive(record: RunRecord): boolean {
  return record.status === 'running' || record.status === 'stopping';
}

/** The open views: one of every live run, and a few of runs that somebody looked at. */
export class RunViews {
  readonly #context: ViewContext;
  readonly #views = new Map<string, RunView>();

  constructor(context: ViewContext) {
    this.#context = context;
  }

  /** The view of a run, opened where it is not open yet. */
  of(record: RunRecord): RunView {
    const open = this.#views.get(record.run);
    if (open) {
      open.record = record;
      // Last used, last in the order of insertion.
      this.#views.delete(record.run);
      this.#views.set(record.run, open);
      return open;
    }
    const view = new RunView(record, this.#context);
    this.#views.set(record.run, view);
    this.#closeIdle();
    return view;
  }

  /** The view where it is open already. */
  open(run: string): RunView | undefined {
    return this.#views.get(run);
  }

  /** Closes the view of a run that is about to be removed, or came back. */
  async forget(run: string): Promise<void> {
    const view = this.#views.get(run);
    this.#views.delete(run);
    await view?.close();
  }

  #closeIdle(): void {
    const idle = [...this.#views.values()].filter(({ record }) => !isLive(record));
    for (const view of idle.slice(0, Math.max(0, idle.length - idleLimit))) {
      this.#views.delete(view.record.run);
      view.close().catch((error: unknown) => this.#context.logger.warn({ err: error }, 'a view did not close'));
    }
  }

  /** Closes all. */
  async close(): Promise<void> {
    await Promise.all([...this.#views.values()].map((view) => view.close()));
    this.#views.clear();
  }
}
