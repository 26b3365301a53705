/** What happened in a simulation, as a running hash and, where asked for, as lines. Two runs of one seed must have the same hash. */
export class Trace {
  /** Undefined unless lines are kept. */
  readonly lines: string[] | undefined;
  #low = 0x811c9dc5;
  #high = 0x01000193;
  #count = 0;

  constructor(keepLines: boolean) {
    this.lines = keepLines ? [] : undefined;
  }

  /** FNV-1a over the text, in two lanes of 32 bits. */
  add(at: number, text: string): void {
    this.#count++;
    let low = this.#low ^ at;
    let high = this.#high;
    for (let index = 0; index < text.length; index++) {
      low = Math.imul(low ^ text.charCodeAt(index), 0x01000193);
      high = Math.imul(high ^ (low >>> 7), 0x85ebca6b);
    }
    [this.#low, this.#high] = [low, high];
    this.lines?.push(`${(at / 1000).toFixed(4).padStart(10)} ${text}`);
  }

  get count(): number {
    return this.#count;
  }

  get hash(): string {
    return [this.#low, this.#high].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
