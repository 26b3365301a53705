import { RedQueenError } from '@redqueen/core';
import type { Logger } from '@redqueen/runtime';
import { keptFiles } from '../lineage/retention.ts';
import type { PolicyState, RunPlan } from '../lineage/state.ts';
import type { ContentStore, FileKind } from '@redqueen/runtime';

/** The stores of a run's files. */
export type FileStores = Readonly<Record<FileKind, ContentStore>>;

/**
 * Deletes files that the retention rule no longer keeps, so that a long run's disk stays bounded. After a crash the newest stored snapshot is handled
 * from again, so what the last two encoded states keep is not touched either.
 */
export class Pruner {
  readonly #plan: RunPlan;
  readonly #stores: FileStores;
  readonly #logger: Logger;
  readonly #gone: Readonly<Record<FileKind, Set<string>>> = { adapters: new Set(), optimizers: new Set() };
  #encoded: readonly PolicyState[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(plan: RunPlan, stores: FileStores, logger: Logger) {
    this.#plan = plan;
    this.#stores = stores;
    this.#logger = logger;
  }

  /** A state was encoded, to be stored as a snapshot. */
  encoded(state: PolicyState): void {
    this.#encoded = [...this.#encoded, state].slice(-2);
  }

  /** Deletes what no state needs, in the background. A file that cannot be deleted is logged and left. */
  prune(state: PolicyState): void {
    const needed = [...this.#encoded, state].map((each) => keptFiles(each.agents, this.#plan.recipe.maxStaleness));
    for (const kind of ['adapters', 'optimizers'] as const) {
      const keep = new Set(needed.flatMap((files) => [...files[kind]]));
      for (const hash of filesOf(state, kind)) {
        if (keep.has(hash)) this.#gone[kind].delete(hash);
        else if (!this.#gone[kind].has(hash)) this.#release(kind, hash);
      }
    }
  }

  /** Resolves once everything asked for so far is deleted. */
  settled(): Promise<void> {
    return this.#work;
  }

  #release(kind: FileKind, hash: string): void {
    this.#gone[kind].add(hash);
    this.#work = this.#work
      .then(() => this.#stores[kind].release(hash))
      .catch((reason: unknown) =>
        this.#logger.warn({ err: reason }, `cannot delete ${kind} file ${hash}: ${RedQueenError.from(reason).message}`),
      );
  }
}

function filesOf(state: PolicyState, kind: FileKind): Set<string> {
  const field = kind === 'adapters' ? 'adapter' : 'optimizer';
  const hashes = state.agents.flatMap((agent) => agent.versions.map((version) => version.files?.[field]));
  return new Set(hashes.filter((hash) => hash !== undefined));
}
