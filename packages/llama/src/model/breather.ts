import { setImmediate } from 'node:timers/promises';

/** Numbers written between two turns of the event loop: a few milliseconds. */
const together = 4 << 20;

/** Lets the event loop go on now and then while large arrays are filled or copied: attention over 20,000 tokens has a mask of 400 million numbers. */
export class Breather {
  #written = 0;

  /** Whether it is time for `pause`, after so many more numbers. */
  due(numbers: number): boolean {
    this.#written += numbers;
    return this.#written >= together;
  }

  /** Lets everything else that waits have its turn. */
  async pause(): Promise<void> {
    this.#written = 0;
    await setImmediate();
  }
}
