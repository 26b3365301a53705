import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { RedQueenError } from '@redqueen/core';
import { decodeRecord, encodeRecord, type JournalRecord } from './records.ts';

// J1. One file, appended to only; each record is its length, the CRC-32 of its bytes, the CRC-32 of these two, and its bytes. A prefix of the file is a state that the bus had.
// J2. An incomplete record at the end was never confirmed: it is cut off and reported. A damaged record elsewhere is data loss and refused.
// J3. `written()` resolves once everything appended so far has been handed to the operating system, as NATS does.
// J4. After a failed write nothing is accepted any more: memory would be ahead of the file.

const magic = Buffer.from('RQBUS001');
const headerBytes = 12;

/** What opening found. */
export interface JournalRecovery {
  readonly records: number;
  /** Bytes of an unfinished record that were cut off. */
  readonly cutBytes: number;
}

/** Where the payload of a record lies. */
export interface JournalPlace {
  readonly offset: number;
  readonly length: number;
}

function openFile(path: string): number {
  try {
    return openSync(path, existsSync(path) ? 'r+' : 'w+');
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    throw new RedQueenError('failed_precondition', `cannot open ${path} (${why}): correct it or choose another bus folder`, {
      cause: reason,
    });
  }
}

/** Makes sure of the first bytes; true where the journal is new. */
function isNew(file: number, size: number, path: string): boolean {
  if (size >= magic.length) {
    if (readExactly(file, 0, magic.length).equals(magic)) return false;
    throw new RedQueenError('data_loss', `${path} is no journal of the bus: move it away or choose another bus folder`);
  }
  ftruncateSync(file, 0);
  writeSync(file, magic, 0, magic.length, 0);
  return true;
}

/** Replays the file into `apply`; creates it where it does not exist; cuts off a torn tail. */
function replay(path: string, apply: (record: JournalRecord, place: JournalPlace) => void): JournalRecovery {
  const file = openFile(path);
  try {
    const size = fstatSync(file).size;
    if (isNew(file, size, path)) return { records: 0, cutBytes: size };
    let offset = magic.length;
    let records = 0;
    for (;;) {
      const payload = recordAt(file, offset, size, path);
      if (!payload) break;
      apply(decodeRecord(payload), { offset: offset + headerBytes, length: payload.length });
      offset += headerBytes + payload.length;
      records++;
    }
    if (offset < size) ftruncateSync(file, offset);
    return { records, cutBytes: size - offset };
  } finally {
    closeSync(file);
  }
}

function readExactly(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, offset + done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}

function headerOf(payload: Buffer): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  header.writeUInt32LE(crc32(header.subarray(0, 8)), 8);
  return header;
}

/** The record at that offset; undefined at the end of the file and where its rest was never written. */
function recordAt(file: number, offset: number, size: number, path: string): Buffer | undefined {
  if (offset + headerBytes > size) return undefined;
  const header = readExactly(file, offset, headerBytes);
  const end = offset + headerBytes + header.readUInt32LE(0);
  // The header has its own sum: a damaged length must not pass for an unfinished record, and take all after it along.
  if (crc32(header.subarray(0, 8)) === header.readUInt32LE(8)) {
    if (end > size) return undefined;
    const payload = readExactly(file, offset + headerBytes, header.readUInt32LE(0));
    if (crc32(payload) === header.readUInt32LE(4)) return payload;
    if (end === size) return undefined;
  } else if (readExactly(file, offset, size - offset).every((byte) => byte === 0)) {
    // The file system had given the space, but not yet the bytes.
    return undefined;
  }
  throw new RedQueenError('data_loss', `${path} is damaged at byte ${offset}: restore it from a copy, or move it away to start anew`);
}

/** The append-only file behind a memory bus. */
export class Journal {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly recovery: JournalRecovery;
  #end: number;
  #writtenEnd: number;
  #buffers: Buffer[] = [];
  #flushing: Promise<void> | undefined;
  #failure: RedQueenError | undefined;
  readonly #failed = Promise.withResolvers<RedQueenError>();

  private constructor(file: FileHandle, path: string, recovery: JournalRecovery, size: number) {
    this.#file = file;
    this.#path = path;
    this.recovery = recovery;
    this.#end = size;
    this.#writtenEnd = size;
  }

  /** Opens the journal in an existing folder, replaying what it holds. Throws `data_loss` where it is damaged (J2). */
  static async open(folder: string, apply: (record: JournalRecord, place: JournalPlace) => void): Promise<Journal> {
    const path = join(folder, 'bus.journal');
    const recovery = replay(path, apply);
    const file = await open(path, 'r+');
    return new Journal(file, path, recovery, (await file.stat()).size);
  }

  /** Resolves with the error of the first failed write (J4); never otherwise. */
  get failed(): Promise<RedQueenError> {
    return this.#failed.promise;
  }

  /** Appends a record; it is written soon. Throws `resource_exhausted` after a failed write (J4). */
  append(record: JournalRecord): JournalPlace {
    if (this.#failure) throw this.#failure;
    const payload = encodeRecord(record);
    this.#buffers.push(headerOf(payload), payload);
    const offset = this.#end + headerBytes;
    this.#end = offset + payload.length;
    return { offset, length: payload.length };
  }

  /** Writes everything appended so far (J3). Calls share one write. */
  async written(): Promise<void> {
    const end = this.#end;
    while (this.#writtenEnd < end) {
      if (this.#failure) throw this.#failure;
      this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
      await this.#flushing;
    }
  }

  /** Whether that record can be read back already. */
  holds(place: JournalPlace): boolean {
    return place.offset + place.length <= this.#writtenEnd;
  }

  /** Reads back a record that `holds` says is there. */
  read(place: JournalPlace): JournalRecord {
    return decodeRecord(readExactly(this.#file.fd, place.offset, place.length));
  }

  /** Writes what is left, to the disk itself, and closes. */
  async close(): Promise<void> {
    try {
      await this.written();
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#buffers);
    this.#buffers = [];
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#writtenEnd);
        done += bytesWritten;
        this.#writtenEnd += bytesWritten;
      }
    } catch (reason) {
      const why = reason instanceof Error ? reason.message : String(reason);
      this.#failure = new RedQueenError('resource_exhausted', `cannot write ${this.#path} (${why}): free disk space, then resume the run`, {
        cause: reason,
      });
      this.#failed.resolve(this.#failure);
      throw this.#failure;
    }
  }
}
