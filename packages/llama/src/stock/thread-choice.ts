/** Steps between tries of the other number of threads; the first try comes early. */
const [pause, firstPause] = [128, 3];
const triesTogether = 2;
/** How much the latest step counts in the running mean. */
const share = 0.3;
/** The other number must be this much faster: a change costs a few slow steps itself. */
const margin = 0.85;

/** Seconds a step of like size, with all threads and with one; NaN before the first. */
interface Means {
  all: number;
  single: number;
}

/**
 * All threads or one. ggml's threads wait for each other in a spinning barrier after every operation; where another process wants one of the cores, a
 * step on all of them can take ten times as long as on one. So now and then a step is computed the other way, and the faster way is kept.
 */
export class ThreadChoice {
  readonly #threads: number;
  /** By the number of rows rounded up to a power of two: only like steps are compared. */
  readonly #means = new Map<number, Means>();
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
    if (this.#tries === 0 && this.#wait-- <= 0) {
      this.#wait = pause;
      this.#tries = triesTogether;
    }
    const single = this.#tries > 0 ? !this.#single : this.#single;
    return single ? 1 : this.#threads;
  }

  /** Tells how long the step with that many rows took. */
  note(threads: number, rows: number, seconds: number): void {
    if (this.#threads === 1) return;
    const first = this.#tries === triesTogether;
    const tried = this.#tries > 0;
    if (tried) this.#tries--;
    const size = Math.ceil(Math.log2(Math.max(1, rows)));
    const means = this.#means.get(size) ?? { all: Number.NaN, single: Number.NaN };
    const which = threads === 1 ? 'single' : 'all';
    // What was known of the other way is old by now; of the tries the better one counts.
    if (Number.isNaN(means[which]) || first) means[which] = seconds;
    else means[which] = tried ? Math.min(means[which], seconds) : means[which] + share * (seconds - means[which]);
    this.#means.set(size, means);
    const [now, other] = this.#single ? [means.single, means.all] : [means.all, means.single];
    if (this.#tries === 0 && other < margin * now) this.#single = !this.#single;
  }
}
