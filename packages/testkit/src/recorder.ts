import { within } from './within.ts';

/** Collects events in the order in which they happen, and wakes whoever waits for a certain course of them. */
export class Recorder<Event> {
  readonly events: Event[] = [];
  readonly #waiting = new Set<() => void>();

  record(event: Event): void {
    this.events.push(event);
    for (const look of this.#waiting) look();
  }

  /** Resolves as soon as the events so far satisfy the condition. */
  async until(
    condition: (events: readonly Event[]) => boolean,
    what = 'the expected events',
    timeoutMs?: number,
  ): Promise<readonly Event[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition(this.events)) resolve();
    };
    this.#waiting.add(look);
    look();
    try {
      await within(promise, `${what}; so far: ${JSON.stringify(this.events.slice(-20))}`, timeoutMs);
    } finally {
      this.#waiting.delete(look);
    }
    return this.events;
  }

  /** Resolves once there are that many events. */
  count(count: number, what = `${count} events`, timeoutMs?: number): Promise<readonly Event[]> {
    return this.until((events) => events.length >= count, what, timeoutMs);
  }
}
