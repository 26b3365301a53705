import { RedQueenError, type Clock } from '@redqueen/core';

/** How calls are collected. */
export interface CoalescerOptions {
  /** How long the first items wait for company. */
  readonly windowMs: number;
  /** Items in one call at most; one caller's items are never split. */
  readonly maxItems: number;
  /** Calls under way at once; further items wait and leave together. */
  readonly maxCalls: number;
  /** Called whenever nobody waits for an answer any more. */
  readonly onIdle?: () => void;
}

interface Entry<Item, Answer> {
  readonly items: readonly Item[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Nothing here bounds how many wait: each is a call that the server admitted or a message that an actor has in hand, and those are bounded.
 * Collects the items of many callers into few calls. A call must answer one answer an item, in order.
 * Where a shared call fails for a reason that a retry cannot cure, every caller's items are tried alone, so that one bad item spoils nobody else's.
 */
export class Coalescer<Item, Answer> {
  readonly #call: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #clock: Clock;
  readonly #options: CoalescerOptions;
  #waiting: Entry<Item, Answer>[] = [];
  #running = 0;
  #armed = false;

  constructor(call: (items: readonly Item[]) => Promise<readonly Answer[]>, clock: Clock, options: CoalescerOptions) {
    this.#call = call;
    this.#clock = clock;
    this.#options = options;
  }

  /** The answers to these items, one each, in order. */
  ask(items: readonly Item[]): Promise<readonly Answer[]> {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#armed || this.#running >= this.#options.maxCalls) return;
    this.#armed = true;
    const leave = (): void => {
      this.#armed = false;
      this.#flush();
    };
    void this.#clock.sleep(this.#options.windowMs).then(leave, leave);
  }

  #flush(): void {
    while (this.#running < this.#options.maxCalls && this.#waiting.length > 0) {
      const entries = this.#take();
      this.#running++;
      void this.#settle(entries).finally(() => {
        this.#running--;
        this.#flush();
        if (this.#running === 0) this.#options.onIdle?.();
      });
    }
  }

  #take(): Entry<Item, Answer>[] {
    let count = 0;
    let size = 0;
    for (const entry of this.#waiting) {
      if (count > 0 && size + entry.items.length > this.#options.maxItems) break;
      size += entry.items.length;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #settle(entries: readonly Entry<Item, Answer>[]): Promise<void> {
    try {
      const items = entries.flatMap((entry) => entry.items);
      const answers = await this.#call(items);
      if (answers.length !== items.length) {
        throw new RedQueenError(
          'data_loss',
          `policy service: ${answers.length} answers to ${items.length} prompts; it must answer each one`,
        );
      }
      let start = 0;
      for (const entry of entries) entry.resolve(answers.slice(start, (start += entry.items.length)));
    } catch (reason) {
      if (entries.length === 1 || RedQueenError.from(reason).retryable) {
        for (const entry of entries) entry.reject(reason);
        return;
      }
      for (const entry of entries) await this.#settle([entry]);
    }
  }
}
