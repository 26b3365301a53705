// The optimizer's memory as a file: "RQOP", version, step, count (u32 each, little-endian), then the first and second moments as F32.
import { endianness } from 'node:os';
import { RedQueenError } from '@redqueen/core';
import type { OptimizerState } from '../engine/adamw.ts';

const magic = 'RQOP';
const version = 1;
const headerBytes = 16;
const largest = 3.4028234663852886e38;

/** Encodes the state; the same state always gives the same bytes. */
export function encodeOptimizer(state: OptimizerState): Uint8Array {
  const count = state.firstMoment.length;
  const bytes = new Uint8Array(headerBytes + 8 * count);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(magic, 'latin1'));
  for (const [index, value] of [version, state.step, count].entries()) view.setUint32(4 + 4 * index, value, true);
  bytes.set(littleEndian(state.firstMoment), headerBytes);
  bytes.set(littleEndian(state.secondMoment), headerBytes + 4 * count);
  return bytes;
}

function refuse(problem: string): RedQueenError {
  return new RedQueenError('invalid_argument', `optimizer: ${problem}`);
}

/** Decodes the state of an optimizer over `count` weights. Throws `invalid_argument` for anything else, and for values that are not finite. */
export function decodeOptimizer(bytes: Uint8Array, count: number): OptimizerState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes || Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== magic)
    throw refuse('the file is no optimizer state');
  if (view.getUint32(4, true) !== version) throw refuse(`version ${view.getUint32(4, true)} is not supported; ${version} is`);
  if (view.getUint32(12, true) !== count || bytes.length !== headerBytes + 8 * count) {
    throw refuse(`it holds ${view.getUint32(12, true)} weights in ${bytes.length} bytes where ${count} weights are due`);
  }
  const moment = (part: number, least: number): Float32Array => {
    const start = headerBytes + 4 * part * count;
    const values = new Float32Array(littleEndian(bytes.slice(start, start + 4 * count)).buffer);
    const bad = values.find((value) => !(value >= least && value <= largest));
    if (bad !== undefined) throw refuse(`moment ${part + 1} holds ${bad}`);
    return values;
  };
  return { step: view.getUint32(8, true), firstMoment: moment(0, -largest), secondMoment: moment(1, 0) };
}

/** The bytes of 32-bit values in little-endian order: as they are, but for the rare machine of the other order. */
function littleEndian(values: Float32Array | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return endianness() === 'LE' ? bytes : new Uint8Array(Buffer.from(bytes).swap32());
}
