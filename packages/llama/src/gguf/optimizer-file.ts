// The optimizer's memory as a file: "RQOP", version, step, count (u32 each, little-endian), then the first and second moments as F32.
import { RedQueenError } from '@redqueen/core';
import type { OptimizerState } from '../engine/adamw.ts';

const magic = 'RQOP';
const version = 1;
const headerBytes = 16;

/** Encodes the state; the same state always gives the same bytes. */
export function encodeOptimizer(state: OptimizerState): Uint8Array {
  const count = state.firstMoment.length;
  const bytes = Buffer.alloc(headerBytes + 8 * count);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt32LE(version, 4);
  bytes.writeUInt32LE(state.step, 8);
  bytes.writeUInt32LE(count, 12);
  for (const [part, moment] of [state.firstMoment, state.secondMoment].entries()) {
    for (const [index, value] of moment.entries()) bytes.writeFloatLE(value, headerBytes + 4 * (part * count + index));
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
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
  const moment = (part: number, least: number): Float32Array =>
    Float32Array.from({ length: count }, (_, index) => {
      const value = view.getFloat32(headerBytes + 4 * (part * count + index), true);
      if (!(value >= least) || value === Infinity) throw refuse(`moment ${part + 1} holds ${value}`);
      return value;
    });
  return { step: view.getUint32(8, true), firstMoment: moment(0, -Number.MAX_VALUE), secondMoment: moment(1, 0) };
}
