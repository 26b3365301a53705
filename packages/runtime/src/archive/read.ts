import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addressOf, addressText, decodeMessage } from '@redqueen/contract';
import { decodeRunRecord, RedQueenError, type RunRecord } from '@redqueen/core';
import type { ReadOptions, StoredMessage } from '../bus/port.ts';
import type { StoredBytes } from '../bus/storage.ts';
import { decodeEntry, fits, formatVersion, headerBytes, lengthIn, magic, signature, type Entry, type EntryHead } from './format.ts';

/** An entry and where it stands in its file. */
interface PlacedEntry extends Entry {
  readonly offset: number;
}

/** What of an archive's stream to read; the same as on a bus, without following. */
export type ArchiveReadOptions = Pick<ReadOptions, 'to' | 'onUnreadable'> & { readonly from?: number };

/** A run in a file, found whole and undamaged when it was opened. */
export interface RunArchive {
  readonly record: RunRecord;
  /** Sequence of the newest message. */
  readonly lastSequence: number;
  /** When it was made, milliseconds since the epoch. */
  readonly archivedAt: number;
  /** The run's messages in order, as `bus.read` gives them. */
  read(options?: ArchiveReadOptions): AsyncIterable<StoredMessage>;
  /** The same as they are stored, those that cannot be read included. */
  messages(): AsyncIterable<StoredBytes>;
  /** Everything in the file, in order. */
  entries(): AsyncIterable<Entry>;
}

/**
 * Opens an archive after reading all of it once. Throws `not_found` where there is no file, `invalid_argument` for a file that is no archive,
 * `failed_precondition` for one of a newer format, and `data_loss` with the position for one that is damaged or cut off.
 */
export async function openArchive(file: string): Promise<RunArchive> {
  const { run } = await verify(file);
  const entries = () => entriesIn(file);
  async function* messages(): AsyncGenerator<StoredBytes> {
    for await (const { head, body } of entries()) {
      if (head.type === 'message') yield { ...head, to: addressOf(head.to), bytes: body };
      // Messages come first: what follows need not be read.
      else if (head.type !== 'run') return;
    }
  }
  async function* read({ from = 1, to, onUnreadable }: ArchiveReadOptions = {}): AsyncGenerator<StoredMessage> {
    for await (const { sequence, storedAt, bytes, to: receiver } of messages()) {
      if (sequence < from || (to && addressText(receiver) !== addressText(to))) continue;
      const message = decoded(bytes, (reason) => onUnreadable?.(sequence, reason, bytes));
      if (message) yield { message, bytes, sequence, storedAt };
    }
  }
  const { record, lastSequence, archivedAt } = run;
  return { record, lastSequence, archivedAt, read, messages, entries };
}

function decoded(bytes: Uint8Array, unreadable: (reason: string) => void): StoredMessage['message'] | undefined {
  try {
    return decodeMessage(bytes);
  } catch (reason) {
    unreadable(reason instanceof Error ? reason.message : String(reason));
    return undefined;
  }
}

function damaged(file: string, offset: number, what: string): RedQueenError {
  return new RedQueenError('data_loss', `${file} is damaged at byte ${offset}: ${what}; take another copy of the archive`);
}

/** Reads the whole file: every sum, the order of the messages, and that it has its end. */
async function verify(file: string): Promise<{ readonly run: Extract<EntryHead, { type: 'run' }> }> {
  const sum = createHash('sha256');
  let run: Extract<EntryHead, { type: 'run' }> | undefined;
  let [count, sequence, ended] = [0, 0, false];
  for await (const { head, offset } of entriesIn(
    file,
    (bytes) => sum.update(bytes),
    () => sum.copy().digest('hex'),
  )) {
    if (ended) throw damaged(file, offset, 'something follows the end');
    if ((count === 0) !== (head.type === 'run')) throw damaged(file, offset, 'an archive begins with its run');
    if (head.type === 'run') run = { ...head, record: decodeRunRecord(JSON.stringify(head.record)) };
    if (head.type === 'message' && head.sequence !== ++sequence) throw damaged(file, offset, `message ${sequence} is missing`);
    if (head.type === 'end') {
      ended = true;
      if (head.entries !== count) throw damaged(file, offset, `it should hold ${head.entries} entries and holds ${count}`);
    }
    count++;
  }
  const { size } = await stat(file);
  if (!run || !ended) throw damaged(file, size, 'it ends before its end');
  if (sequence !== run.lastSequence) throw damaged(file, size, `it should hold ${run.lastSequence} messages and holds ${sequence}`);
  return { run };
}

/** The entries of a file, each checked by its own sums. `seen` gets all bytes before the end, `sumSoFar` then gives their sum. */
async function* entriesIn(
  file: string,
  seen: (bytes: Uint8Array) => void = () => undefined,
  sumSoFar?: () => string,
): AsyncGenerator<PlacedEntry> {
  const source = new ByteSource(file);
  try {
    const start = await source.take(magic.length);
    requireMagic(file, start);
    seen(start);
    for (let offset = magic.length; ; ) {
      const header = await source.take(headerBytes);
      if (header.length === 0) return;
      const length = header.length < headerBytes ? undefined : lengthIn(header);
      if (header.length < headerBytes) throw damaged(file, offset, 'it ends within an entry');
      if (length === undefined) throw damaged(file, offset, 'its bytes do not fit their sum');
      const bytes = await source.take(length);
      if (bytes.length < length) throw damaged(file, offset, 'it ends within an entry');
      if (!fits(header, bytes)) throw damaged(file, offset, 'its bytes do not fit their sum');
      const entry = { ...entryIn(file, offset, bytes), offset };
      if (entry.head.type === 'end' && sumSoFar && sumSoFar() !== entry.head.sha256)
        throw damaged(file, offset, 'the bytes before it do not fit its sum');
      seen(header);
      seen(bytes);
      yield entry;
      offset += headerBytes + length;
    }
  } finally {
    source.close();
  }
}

function entryIn(file: string, offset: number, bytes: Buffer): Entry {
  try {
    return decodeEntry(bytes);
  } catch {
    throw damaged(file, offset, 'it holds no entry');
  }
}

function requireMagic(file: string, start: Buffer): void {
  const found = start.toString('latin1');
  const version = Number(found.slice(signature.length));
  if (start.length < magic.length || !found.startsWith(signature) || !Number.isInteger(version))
    throw new RedQueenError('invalid_argument', `${file} is no archive of a run; \`redqueen runs archive RUN\` makes one`);
  if (version < 1 || version > formatVersion)
    throw new RedQueenError(
      'failed_precondition',
      `${file} has format ${version}, this program reads up to ${formatVersion}: it was made by a newer one, use that`,
    );
}

/** A file read in order, a piece of any length at a time. */
class ByteSource {
  readonly #file: string;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #close: () => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: string) {
    this.#file = file;
    const stream = createReadStream(file, { highWaterMark: 1024 * 1024 });
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#close = () => void stream.destroy();
  }

  /** The next bytes; fewer at the end of the file. */
  async take(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0 && !(await this.#next())) break;
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  close(): void {
    this.#close();
  }

  async #next(): Promise<boolean> {
    try {
      const { value, done } = await this.#chunks.next();
      if (!done) this.#rest = value;
      return !done;
    } catch (reason) {
      const why = reason instanceof Error ? reason.message : String(reason);
      const missing = (reason as NodeJS.ErrnoException).code === 'ENOENT';
      throw new RedQueenError(missing ? 'not_found' : 'failed_precondition', `${this.#file} cannot be read (${why})`, { cause: reason });
    }
  }
}
