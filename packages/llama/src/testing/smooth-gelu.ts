import { vi } from 'vitest';
import { ops, type Pointer } from '../ffi/ggml.ts';

/** x σ(2k (x + a x³)): GELU's tanh form. */
function gelu(context: Pointer, x: Pointer): Pointer {
  const slant = 2 * Math.sqrt(2 / Math.PI);
  const factor = ops.scaleAndShift(context, ops.square(context, x), slant * 0.044715, slant);
  return ops.multiply(context, x, ops.sigmoid(context, ops.multiply(context, x, factor)));
}

/**
 * Graphs built from now on compute GELU itself instead of reading it from ggml's table of half precision: a step function has no finite differences.
 * Ends with what it returns.
 */
export function smoothGelu(): Disposable {
  const spies = [
    vi.spyOn(ops, 'gelu').mockImplementation(gelu),
    vi.spyOn(ops, 'geglu').mockImplementation((context, gate, up) => ops.multiply(context, gelu(context, gate), up)),
  ];
  return {
    [Symbol.dispose]() {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
