/** Steps between tries of the other number of threads, and before the first one. */
const [pause, firstPause] = [128, 8];
const triesTogether = 2;
/** How much the latest step counts in the running mean. */
const share = 0.25;
/** The other number must be this much faster: a change costs a few slow steps itself. */
const margin = 0.85;

/**
 * All threads or one. ggml's threads wait for each other in a spinning barrier after every operation; where another process wants one of the cores, a
 * step on all of them can take ten times as long as on one. So now and then a step is computed the other way, and the faster way is kept.
 */
export class ThreadChoice {
  readonly #threads: number;
  /** Mean seconds a step by number of rows: with all threads and with one. */
  readonly #means = new Map<number, [number, number]>();
  #single = false;
  #wait = firstPause;
  #tries = 0;

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** The faster number so far. */
  get current(): number {
    return this.#single ? 1 : this.#threads;
  }

  /** Threads for the next step. */
  next(): number {
    if (this.#threads === 1) return 1;
    if (this.#wait-- <= 0) {
      this.#wait = pause;
      this.#tries = triesTogether;
    }
    const single = this.#tries > 0 ? !this.#single : this.#single;
    return single ? 1 : this.#threads;
  }

  /** Tells how long the step with that many rows took. */
  note(threads: number, rows: number, seconds: number): void {
    if (this.#threads === 1) return;
    const means = this.#means.get(rows) ?? [Number.NaN, Number.NaN];
    const which = threads === 1 ? 1 : 0;
    const old = means[which];
    means[which] = Number.isNaN(old) ? seconds : old + share * (seconds - old);
    this.#means.set(rows, means);
    if (this.#tries > 0) this.#tries--;
    const [now, other] = this.#single ? [means[1], means[0]] : [means[0], means[1]];
    if (this.#tries === 0 && other < margin * now) this.#single = !this.#single;
  }
}
