import { deserialize, serialize } from 'node:v8';
import { RedQueenError } from '@redqueen/core';
import type { State } from './state.ts';

/** Counts the shapes that a state has had; a snapshot of another shape is not read but rebuilt from the stream. */
const shape = 3;

/** The state as bytes: V8's own format, which keeps maps, typed arrays and every bit of a double. */
export function encodeState(state: State): Uint8Array {
  return serialize({ shape, state });
}

/** Reads a state. Throws `data_loss` where the bytes are none, or were written by another version of the aggregator. */
export function decodeState(bytes: Uint8Array): State {
  let stored: { readonly shape?: number; readonly state?: State } | undefined;
  try {
    stored = deserialize(bytes) as typeof stored;
  } catch (cause) {
    throw new RedQueenError(
      'data_loss',
      'snapshot of the reward aggregator: cannot be read; delete it to rebuild the state from the stream',
      { cause },
    );
  }
  if (stored?.shape !== shape || !stored.state) {
    throw new RedQueenError(
      'data_loss',
      `snapshot of the reward aggregator: has shape ${stored?.shape}, not ${shape}; delete it to rebuild the state from the stream`,
    );
  }
  return stored.state;
}
