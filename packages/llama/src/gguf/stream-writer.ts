import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { RedQueenError } from '@redqueen/core';
import { alignUp, defaultAlignment, type MetadataEntry } from './format.ts';
import { encodeHeader, type PlannedTensor } from './writer.ts';

/** A tensor whose data come in pieces, so that a large file never has to be in memory. */
export interface StreamedTensor extends PlannedTensor {
  /** The data from the start, `bytes` in all. A piece is written before the next one is asked for. */
  pieces(): Iterable<Uint8Array>;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

function writeTensor(file: number, tensor: StreamedTensor): void {
  let written = 0;
  for (const piece of tensor.pieces()) {
    writeAll(file, piece);
    written += piece.length;
  }
  if (written !== tensor.bytes)
    throw new RedQueenError('internal', `gguf: tensor "${tensor.name}" gave ${written} bytes where ${tensor.bytes} are due`);
  writeAll(file, new Uint8Array(alignUp(written, defaultAlignment) - written));
}

/** Writes a GGUF file piece by piece under a temporary name and renames it, so that a reader never sees half a file. */
export function writeGgufStream(path: string, metadata: readonly MetadataEntry[], tensors: readonly StreamedTensor[]): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    writeAll(file, encodeHeader(metadata, tensors));
    for (const tensor of tensors) writeTensor(file, tensor);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
