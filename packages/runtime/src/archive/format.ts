import { crc32 } from 'node:zlib';
import type { RunRecord } from '@redqueen/core';
import type { FileKind } from '../files/content-store.ts';

// F1. An archive is its magic and then entries; each is the length of its bytes, their CRC-32, the CRC-32 of these two, and the bytes.
// F2. The first entry is the run, then its messages in order, then everything else; the last one is the end, with the SHA-256 of all bytes before it.
// F3. The bytes of an entry are the length of its head, the head as JSON, and the body as it is.

/** The first bytes of an archive; three digits for the format follow. */
export const signature = 'RQRUN';
/** The format that this code writes; it reads all up to it. */
export const formatVersion = 1;
/** The magic of this format. */
export const magic = Buffer.from(`${signature}${String(formatVersion).padStart(3, '0')}`);
/** Bytes before an entry. */
export const headerBytes = 12;

/** What an entry says of its body. */
export type EntryHead =
  /** Body: none. Messages 1 to `lastSequence` follow. */
  | { readonly type: 'run'; readonly record: RunRecord; readonly lastSequence: number; readonly archivedAt: number }
  /** Body: the message in wire form. */
  | { readonly type: 'message'; readonly sequence: number; readonly storedAt: number; readonly id: string; readonly to: string }
  | { readonly type: 'mailbox'; readonly address: string; readonly handled: number }
  /** Body: the value. */
  | { readonly type: 'value'; readonly bucket: string; readonly key: string }
  /** Body: the object. */
  | { readonly type: 'object'; readonly bucket: string; readonly name: string }
  /** An adapter or optimizer file that the run holds. Body: the file. */
  | { readonly type: 'file'; readonly kind: FileKind; readonly hash: string }
  /** A file of the run's folder. Body: the file. */
  | { readonly type: 'document'; readonly name: string }
  | { readonly type: 'end'; readonly entries: number; readonly sha256: string };

/** One thing in an archive. */
export interface Entry {
  readonly head: EntryHead;
  readonly body: Uint8Array;
}

/** What stands before the bytes of an entry. */
export function headerOf(bytes: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(bytes.length, 0);
  header.writeUInt32LE(crc32(bytes), 4);
  header.writeUInt32LE(crc32(header.subarray(0, 8)), 8);
  return header;
}

/** Length of the bytes after a header, or undefined where the header is damaged. */
export function lengthIn(header: Buffer): number | undefined {
  return crc32(header.subarray(0, 8)) === header.readUInt32LE(8) ? header.readUInt32LE(0) : undefined;
}

/** Whether the bytes are those that the header was written for. */
export function fits(header: Buffer, bytes: Uint8Array): boolean {
  return crc32(bytes) === header.readUInt32LE(4);
}

/** An entry as bytes, without its header. */
export function encodeEntry({ head, body }: Entry): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, body]);
}

/** Reads what {@link encodeEntry} wrote. Throws where it is no entry. */
export function decodeEntry(bytes: Buffer): Entry {
  const end = 4 + bytes.readUInt32LE(0);
  return { head: JSON.parse(bytes.toString('utf8', 4, end)) as EntryHead, body: bytes.subarray(end) };
}
