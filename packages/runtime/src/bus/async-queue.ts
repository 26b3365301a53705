/**
 * A queue between a producer that calls back and a consumer that iterates.
 * It is as bounded as its producer: whoever pushes must know how much it may push (a pull request, a window).
 */
export class AsyncQueue<Item> implements AsyncIterableIterator<Item> {
  #items: Item[] = [];
  #head = 0;
  #waiting: ((result: IteratorResult<Item>) => void)[] = [];
  #ended = false;

  /** Items that nobody took yet. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Adds an item. Ignored once the queue has ended. */
  push(item: Item): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ done: false, value: item });
    else this.#items.push(item);
  }

  /** No more items come; what is there can still be taken. */
  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Item>> {
    if (this.size > 0) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Item>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): Item {
    const item = this.#items[this.#head] as Item;
    this.#items[this.#head] = undefined as Item;
    this.#head++;
    // Shifting an array costs its length; cutting off the taken half now and then costs next to nothing.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
