import { hash } from 'node:crypto';
import { closeSync, existsSync, fdatasync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '@redqueen/core';
import type { Logger } from '../log/logger.ts';
import { LedgerDamage } from './damage.ts';
import type { StreamPosition } from './stream-chain.ts';

// W1. Two slots are written in turn, each with its own checksum: a write that was cut off leaves the one before it.
// W2. Handed to the operating system once a turn of the event loop, so that a kill loses nothing; on the disk itself about once a second, and on `flush`.

/** How far somebody has seen a run's ledger. */
export interface LedgerMark {
  readonly run: string;
  /** When the run was started, milliseconds since the epoch: a later run of the same id is another ledger. */
  readonly startedAt: number;
  readonly sequence: number;
}

/** What stands in the head file: how far a run's ledger went, and what it came to. */
export interface LedgerHead extends LedgerMark, StreamPosition {
  /** Epoch of the aggregator's lease. */
  readonly epoch: number;
  /** Index and digest of the newest settlement. */
  readonly settlement: number;
  readonly settlementDigest: string;
}

/** Signs heads and checks them: whoever can write the file, but has no key, cannot make one up. */
export interface HeadSeal {
  /** The signature over those bytes, as text. */
  seal(bytes: Uint8Array): string;
  /** Whether the signature is one over those bytes. */
  isGenuine(bytes: Uint8Array, seal: string): boolean;
}

const slotBytes = 1024;
const syncEveryMs = 1000;

/** The head file of a run in a data folder: beside the report, outside of the bus's store. */
export function headFileOf(dataDir: string, run: string): string {
  return join(dataDir, 'runs', run, 'ledger.head');
}

function encode(head: LedgerMark, seal: HeadSeal | undefined): Buffer {
  const facts = JSON.stringify(head);
  const signature = seal ? seal.seal(Buffer.from(facts)) : '';
  const line = JSON.stringify({ head, seal: signature, sha256: hash('sha256', facts + signature, 'hex') });
  return Buffer.from(`${line.padEnd(slotBytes - 1)}\n`);
}

function decode<Head extends LedgerMark>(text: string, seal: HeadSeal | undefined): Head | undefined {
  try {
    const slot = JSON.parse(text) as { head: Head; seal: string; sha256: string };
    const facts = JSON.stringify(slot.head);
    if (hash('sha256', facts + slot.seal, 'hex') !== slot.sha256) return undefined;
    return !seal || seal.isGenuine(Buffer.from(facts), slot.seal) ? slot.head : undefined;
  } catch {
    return undefined;
  }
}

function slotsOf<Head extends LedgerMark>(text: string, seal: HeadSeal | undefined): (Head | undefined)[] {
  return [text.slice(0, slotBytes), text.slice(slotBytes)].map((slot) => decode<Head>(slot, seal));
}

/** The newest head in the file; undefined where there is no file. Throws {@link LedgerDamage} where it holds none that was written so. */
export function readHead<Head extends LedgerMark = LedgerHead>(path: string, seal?: HeadSeal): Head | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (text.length === 0) return undefined;
  const heads = slotsOf<Head>(text, seal).filter((head) => head !== undefined);
  const [newest] = heads.toSorted((a, b) => b.sequence - a.sequence);
  if (newest) return newest;
  const [, run = path] = /[\\/]runs[\\/]([^\\/]+)[\\/]/.exec(path) ?? [];
  throw new LedgerDamage(run, 1, `${path} is damaged, so that nothing says how far it went`);
}

/** What a head file needs. */
export interface HeadFileOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Left out where nobody signs. */
  readonly seal?: HeadSeal;
}

/** Keeps a run's head file; it is made when the first head is noted. */
export class HeadFile<Head extends LedgerMark = LedgerHead> {
  readonly #path: string;
  readonly #options: HeadFileOptions;
  #file: number | undefined;
  #slot = 0;
  #noted: Head | undefined;
  #scheduled = false;
  #syncedAt = 0;

  constructor(path: string, options: HeadFileOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** As {@link readHead}. */
  newest(): Head | undefined {
    return readHead<Head>(this.#path, this.#options.seal);
  }

  /** Notes a head; it is written within a turn of the event loop (W2). */
  note(head: Head): void {
    this.#noted = head;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#writeSoon());
  }

  /** Writes what was noted, to the disk itself. Throws where that cannot be done. */
  flush(): void {
    this.#write();
    if (this.#file !== undefined) fdatasyncSync(this.#file);
  }

  /** Writes what was noted and gives the file back. */
  close(): void {
    this.#write();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #writeSoon(): void {
    this.#scheduled = false;
    const { clock, logger } = this.#options;
    try {
      this.#write();
      if (clock.now() - this.#syncedAt < syncEveryMs || this.#file === undefined) return;
      this.#syncedAt = clock.now();
      fdatasync(this.#file, () => undefined);
    } catch (error) {
      // The ledger itself is as it was; only what proves it is older than it might be.
      logger.warn({ err: error, path: this.#path }, 'head of the ledger not written');
    }
  }

  #write(): void {
    if (!this.#noted) return;
    this.#file ??= this.#open();
    writeSync(this.#file, encode(this.#noted, this.#options.seal), 0, slotBytes, this.#slot * slotBytes);
    this.#slot = 1 - this.#slot;
    this.#noted = undefined;
  }

  /** Begins with the slot that does not hold the newest head. */
  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true });
    const file = openSync(this.#path, existsSync(this.#path) ? 'r+' : 'wx+');
    const slots = slotsOf(readFileSync(file, 'latin1'), this.#options.seal);
    this.#slot = (slots[0]?.sequence ?? -1) > (slots[1]?.sequence ?? -1) ? 1 : 0;
    return file;
  }
}
