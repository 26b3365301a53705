import type { ObjectStore } from '../port.ts';

/** Writes a change down; resolves once it is stored. */
export type StoreObject = (name: string, bytes: Uint8Array | undefined) => Promise<void>;

/** A bucket of files in memory. */
export class MemoryObjects implements ObjectStore {
  readonly #store: StoreObject;
  readonly #files = new Map<string, Uint8Array>();

  constructor(store: StoreObject) {
    this.#store = store;
  }

  /** Applies a change read from the journal. */
  restore(name: string, bytes: Uint8Array | undefined): void {
    if (bytes) this.#files.set(name, bytes);
    else this.#files.delete(name);
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    this.restore(name, copy);
    await this.#store(name, copy);
  }

  get(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#files.get(name)?.slice());
  }

  size(name: string): Promise<number | undefined> {
    return Promise.resolve(this.#files.get(name)?.length);
  }

  async delete(name: string): Promise<void> {
    this.restore(name, undefined);
    await this.#store(name, undefined);
  }

  list(): Promise<string[]> {
    return Promise.resolve([...this.#files.keys()].toSorted());
  }
}
