/** Things that must come exactly once each, by id. */
export class Book {
  readonly #expected = new Map<string, string>();
  readonly #seen = new Set<string>();

  /** Something with that id must come; `what` names it for a person. Expecting it twice is expecting it once. */
  expect(id: string, what: string): void {
    if (!this.#seen.has(id)) this.#expected.set(id, what);
  }

  /** It came. False where it had come before. */
  came(id: string): boolean {
    this.#expected.delete(id);
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    return true;
  }

  has(id: string): boolean {
    return this.#seen.has(id);
  }

  get count(): number {
    return this.#seen.size;
  }

  /** What is expected and has not come. */
  get missing(): readonly string[] {
    return [...this.#expected.values()];
  }
}

/** Numbers that must come in order from 1, each once, by owner. */
export class Numbers {
  readonly #last = new Map<string, number>();

  /** What is wrong with this number; undefined where it is the next one. */
  fault(owner: string, number: number): string | undefined {
    const last = this.#last.get(owner) ?? 0;
    this.#last.set(owner, Math.max(last, number));
    if (number <= last) return `${owner}: number ${number} after ${last}`;
    return number > last + 1 ? `${owner}: number ${number} after ${last}, those between are missing` : undefined;
  }

  last(owner: string): number {
    return this.#last.get(owner) ?? 0;
  }
}
