import { RedQueenError } from '@redqueen/core';
import type { Bus, KeyValue, ObjectStore } from '../bus/port.ts';
import { createHash } from 'node:crypto';

/** SHA-256 of bytes in lower-case hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The two kinds of file that the policy service stores. */
export const fileKinds = ['adapters', 'optimizers'] as const;
/** A kind of file. */
export type FileKind = (typeof fileKinds)[number];

/** Bucket of who holds which file. */
const holderBucket = 'rq-file-holders';

function holdersIn(value: Uint8Array): string[] {
  return value.length > 0 ? (JSON.parse(Buffer.from(value).toString()) as string[]) : [];
}

/** By hash, the runs that hold a file of that kind. */
export async function fileHolders(bus: Bus, kind: FileKind): Promise<Map<string, readonly string[]>> {
  const bucket = await bus.keyValue(holderBucket);
  const keys = (await bucket.keys()).filter((key) => key.startsWith(`${kind}/`));
  const entries = await Promise.all(keys.map((key) => bucket.get(key)));
  return new Map(entries.flatMap((entry) => (entry ? [[entry.key.slice(kind.length + 1), holdersIn(entry.value)] as const] : [])));
}

/** Hashes of the files of that kind that a run holds, in order. */
export async function filesOf(bus: Bus, kind: FileKind, run: string): Promise<string[]> {
  const holders = await fileHolders(bus, kind);
  return [...holders].flatMap(([hash, runs]) => (runs.includes(run) ? [hash] : [])).toSorted();
}

interface Buckets {
  readonly objects: ObjectStore;
  /** By kind and hash: the runs that hold the file, as JSON. */
  readonly holders: KeyValue;
}

/**
 * Files of one kind, named by their SHA-256, as one run sees them. Runs with the same seed make the same files, so a bucket of holders says which
 * runs need each, and a file goes when its last holder lets go. A crash in between leaves at worst a file that nobody holds.
 */
export class ContentStore {
  readonly #kind: FileKind;
  readonly #run: string;
  readonly #bus: Bus;
  #opened: Promise<Buckets> | undefined;

  /** The store of that kind (object store rq-adapters or rq-optimizers) for a run; opened at the first use. */
  constructor(bus: Bus, kind: FileKind, run: string) {
    this.#bus = bus;
    this.#kind = kind;
    this.#run = run;
  }

  #open(): Promise<Buckets> {
    const opening = async (): Promise<Buckets> => ({
      objects: await this.#bus.objects(`rq-${this.#kind}`),
      holders: await this.#bus.keyValue(holderBucket),
    });
    this.#opened ??= opening().catch((reason: unknown) => {
      this.#opened = undefined;
      throw reason;
    });
    return this.#opened;
  }

  /** Stores a file, unless it is there already, and answers its hash. */
  async put(bytes: Uint8Array): Promise<string> {
    const hash = sha256Of(bytes);
    const { objects, holders } = await this.#open();
    // Held first: another run that lets go of the same file in between must not take it away.
    await this.#changeHolders(holders, hash, (runs) => (runs.includes(this.#run) ? runs : [...runs, this.#run]));
    if (!(await isStored(objects, hash))) await objects.put(hash, bytes);
    return hash;
  }

  /** The file of that hash. Throws `not_found` where there is none, `data_loss` where its content does not fit its name. */
  async get(hash: string): Promise<Uint8Array> {
    const { objects } = await this.#open();
    const bytes = await objects.get(hash);
    const what = `file ${hash} in the object store rq-${this.#kind}`;
    if (!bytes) throw new RedQueenError('not_found', `${what} is missing`);
    const actual = sha256Of(bytes);
    if (actual !== hash) throw new RedQueenError('data_loss', `${what} is corrupt: its content has SHA-256 ${actual}`);
    return bytes;
  }

  /** This run no longer needs the file; it is deleted where no other run does. */
  async release(hash: string): Promise<void> {
    const { objects, holders } = await this.#open();
    const left = await this.#changeHolders(holders, hash, (runs) => runs.filter((run) => run !== this.#run));
    if (left.length === 0) await objects.delete(hash);
  }

  async #changeHolders(
    holders: KeyValue,
    hash: string,
    change: (runs: readonly string[]) => readonly string[],
  ): Promise<readonly string[]> {
    const key = `${this.#kind}/${hash}`;
    for (;;) {
      const entry = await holders.get(key);
      const before = entry ? holdersIn(entry.value) : [];
      const after = change(before);
      if (after === before || (after.length === 0 && !entry)) return after;
      try {
        if (after.length === 0) await holders.delete(key);
        else if (entry) await holders.update(key, Buffer.from(JSON.stringify(after)), entry.revision);
        else await holders.create(key, Buffer.from(JSON.stringify(after)));
        return after;
      } catch (reason) {
        // Somebody else changed it in between: look again.
        if (RedQueenError.from(reason).code !== 'aborted') throw reason;
      }
    }
  }
}

async function isStored(objects: ObjectStore, hash: string): Promise<boolean> {
  try {
    const bytes = await objects.get(hash);
    return bytes !== undefined && sha256Of(bytes) === hash;
  } catch {
    // Unreadable: storing it again mends it.
    return false;
  }
}
