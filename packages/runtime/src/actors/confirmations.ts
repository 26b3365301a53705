/**
 * Publications on their way. The actor goes on with the next message while they are, within a bound (A4);
 * a snapshot waits for those before it.
 */
export class Confirmations {
  readonly #limit: number;
  readonly #failed: (reason: unknown) => void;
  #open = 0;
  /** Resolves once everything so far is confirmed. */
  #all: Promise<void> = Promise.resolve();
  #room: (() => void) | undefined;

  /** `failed` is called for every publication that was not confirmed. */
  constructor(limit: number, failed: (reason: unknown) => void) {
    this.#limit = limit;
    this.#failed = failed;
  }

  /** Follows a publication. */
  add(publication: Promise<unknown>): void {
    this.#open++;
    const before = this.#all;
    const done = publication.then(
      () => this.#close(),
      (reason: unknown) => {
        this.#close();
        this.#failed(reason);
        throw reason;
      },
    );
    this.#all = Promise.all([before, done]).then(() => undefined);
    // Whoever waits for it is told; nobody has to.
    this.#all.catch(() => undefined);
  }

  /** Whether the bound is reached; then `room` is to be waited for. */
  get full(): boolean {
    return this.#open >= this.#limit;
  }

  async room(): Promise<void> {
    while (this.full) await new Promise<void>((resolve) => (this.#room = resolve));
  }

  /** Resolves once everything added so far is confirmed; rejects where one was not. */
  settled(): Promise<void> {
    return this.#all;
  }

  #close(): void {
    this.#open--;
    this.#room?.();
  }
}
