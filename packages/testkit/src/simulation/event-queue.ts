/** Something that will happen at a time; of two at the same time the one with the smaller tie comes first. */
export interface QueuedEvent {
  readonly at: number;
  readonly tie: number;
  readonly label: string;
  readonly happen: () => void;
  cancelled: boolean;
}

function isBefore(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie);
}

/** Events in the order of their times: a binary heap (Williams 1964). */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];

  push(event: QueuedEvent): void {
    const heap = this.#heap;
    let place = heap.length;
    for (let parent = (place - 1) >> 1; place > 0 && isBefore(event, heap[parent] as QueuedEvent); parent = (place - 1) >> 1) {
      heap[place] = heap[parent] as QueuedEvent;
      place = parent;
    }
    heap[place] = event;
  }

  /** Takes the next event out; undefined where there is none. */
  pop(): QueuedEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last && last !== first) this.#sink(last);
    return first;
  }

  #sink(event: QueuedEvent): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as QueuedEvent, heap[child] as QueuedEvent)) child++;
      if (!isBefore(heap[child] as QueuedEvent, event)) break;
      heap[place] = heap[child] as QueuedEvent;
      place = child;
    }
    heap[place] = event;
  }
}
