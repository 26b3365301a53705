import { RedQueenError, type Clock } from '@redqueen/core';
import type { Delivery } from '../bus/port.ts';

interface Work {
  readonly delivery: Delivery;
  readonly since: number;
  readonly controller: AbortController;
}

/** The messages that a pool host has in hand: kept alive while their handlers run, and no longer than they may (A5). One timer for all. */
export class InHand {
  readonly #clock: Clock;
  readonly #keepAliveMs: number;
  readonly #timeoutMs: number;
  readonly #works = new Map<number, Work>();
  #ticking = false;
  #empty: (() => void)[] = [];

  constructor(clock: Clock, keepAliveMs: number, timeoutMs: number) {
    this.#clock = clock;
    this.#keepAliveMs = keepAliveMs;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#works.size;
  }

  has(sequence: number): boolean {
    return this.#works.has(sequence);
  }

  /** Takes a message in hand; returns the signal for its handler. */
  add(delivery: Delivery): AbortSignal {
    const controller = new AbortController();
    this.#works.set(delivery.sequence, { delivery, since: this.#clock.now(), controller });
    if (!this.#ticking) void this.#tick();
    return controller.signal;
  }

  remove(delivery: Delivery): void {
    this.#works.delete(delivery.sequence);
    if (this.#works.size === 0) for (const done of this.#empty.splice(0)) done();
  }

  /** Resolves once nothing is in hand. */
  async emptied(): Promise<void> {
    if (this.#works.size > 0) await new Promise<void>((resolve) => this.#empty.push(resolve));
  }

  /** Aborts every handler. */
  abort(reason: RedQueenError): void {
    for (const { controller } of this.#works.values()) controller.abort(reason);
  }

  async #tick(): Promise<void> {
    this.#ticking = true;
    // A handler that comes and goes between two looks never costs a timer of its own.
    while (this.#works.size > 0) {
      await this.#clock.sleep(this.#keepAliveMs);
      const now = this.#clock.now();
      for (const { delivery, since, controller } of this.#works.values()) {
        if (now - since >= this.#timeoutMs)
          controller.abort(new RedQueenError('deadline_exceeded', `handler ran longer than ${this.#timeoutMs} ms`));
        else if (now - since >= this.#keepAliveMs) delivery.working();
      }
    }
    this.#ticking = false;
  }
}
