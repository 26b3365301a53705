import { RedQueenError } from '@redqueen/core';
import type { Bus, ObjectStore } from '@redqueen/runtime';
import { setTimeout as pause } from 'node:timers/promises';

/** The content of an object; large enough for several chunks. */
function contentOf(index: number, bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let at = 0; at + 8 <= bytes; at += 8) content.writeUInt32LE((index * 2_654_435_761 + at) >>> 0, at);
  return content;
}

/** A writer of files, and a reader who looks whether they are as they were written. */
export class ObjectTraffic {
  /** Objects whose storing was confirmed. */
  readonly confirmed: number[] = [];
  /** Attempts to store or read that failed, by message. */
  readonly failed = new Map<string, number>();
  /** Confirmed objects that a read did not find, or found different. */
  readonly wrong: string[] = [];
  readonly #writer: ObjectStore;
  readonly #reader: ObjectStore;
  readonly #bytes: number;

  private constructor(writer: ObjectStore, reader: ObjectStore, bytes: number) {
    this.#writer = writer;
    this.#reader = reader;
    this.#bytes = bytes;
  }

  static async open(writers: Bus, readers: Bus, bucket: string, bytes: number): Promise<ObjectTraffic> {
    return new ObjectTraffic(await writers.objects(bucket), await readers.objects(bucket), bytes);
  }

  /** Stores objects, and reads one of them again, until the signal aborts. */
  async work(signal: AbortSignal): Promise<void> {
    for (let index = 0; !signal.aborted; index++) {
      await this.#try(async () => {
        await this.#writer.put(`o${index}`, contentOf(index, this.#bytes));
        this.confirmed.push(index);
      });
      const looked = this.confirmed[(index * 7919) % Math.max(1, this.confirmed.length)];
      if (looked !== undefined) await this.#try(() => this.look(looked));
      await pause(250);
    }
  }

  /** Reads a confirmed object and records where it is not what was stored. */
  async look(index: number): Promise<void> {
    const found = await this.#reader.get(`o${index}`);
    if (!found) this.wrong.push(`o${index} is missing`);
    else if (!contentOf(index, this.#bytes).equals(found)) this.wrong.push(`o${index} is different`);
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (reason) {
      const { code, message } = RedQueenError.from(reason);
      if (code === 'data_loss') this.wrong.push(message);
      else this.failed.set(message, (this.failed.get(message) ?? 0) + 1);
    }
  }
}
