import { createHook, type AsyncHook, type HookCallbacks } from 'node:async_hooks';

interface Begun {
  readonly type: string;
  readonly resource: { readonly buffer?: unknown };
}

/** Promises are all that a simulation is made of: telling of each would cost more than the simulation itself. */
const callbacksOf = (init: NonNullable<HookCallbacks['init']>): HookCallbacks & { readonly trackPromises: boolean } => ({
  init,
  trackPromises: false,
});

/** Notices work of the machine that is begun: timers, threads, files, sockets. */
export class RealWork {
  #begun: Begun[] = [];
  readonly #hook: AsyncHook = createHook(
    callbacksOf((_id, type, _trigger, resource) => {
      if (type !== 'TickObject') this.#begun.push({ type, resource });
    }),
  );

  watch(): void {
    this.#begun = [];
    this.#hook.enable();
  }

  stop(): void {
    this.#hook.disable();
  }

  /** What was begun since the last call and is not over, as Node names it, e.g. "ZLIB"; undefined where there is none. */
  begun(): string | undefined {
    if (this.#begun.length === 0) return undefined;
    // Compression that is waited for by blocking begins the same way; it hands no input over to a thread.
    const waits = this.#begun.find(({ type, resource }) => type !== 'ZLIB' || (resource.buffer ?? undefined) !== undefined);
    this.#begun = [];
    return waits?.type;
  }
}
