import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { drawToken } from '../engine/draw.ts';
import { newSingleThreadBackend } from '../ffi/backend.ts';
import { backends, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { initialiseLlama } from '../ffi/llama.ts';
import { newContext, upload } from '../ffi/tensor.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { randomNumbers } from '../testing/tiny-model.ts';
import { LogitRows } from './logit-rows.ts';

initialiseLlama();
const backend = newSingleThreadBackend();
const disposals: (() => void)[] = [];
afterAll(() => disposals.forEach((dispose) => dispose()));

/** Rows in native memory, as a decode leaves them. */
function rowsInMemory(values: Float32Array): Pointer {
  const context = newContext(1);
  const tensor = tensors.new1d(context, TensorType.f32, values.length);
  const buffer = backends.allocateContext(context, backend) as Pointer;
  upload(tensor, values);
  disposals.push(() => (backends.freeBuffer(buffer), tensors.free(context)));
  return tensors.data(tensor);
}

describe('rows of logits', () => {
  it('say what a softmax in double precision says, for any vocabulary, spread and temperature', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 2, max: 700 }), fc.integer({ min: 1, max: 5 })),
        fc.constantFrom(0.01, 3, 60, 3000),
        fc.constantFrom(1, 0.7, 1.5),
        fc.integer(),
        fc.array(fc.double({ min: 0, max: 1 - 1e-9, noNaN: true }), { minLength: 1, maxLength: 8 }),
        async ([vocabulary, count], spread, temperature, seed, uniforms) => {
          const values = randomNumbers(vocabulary * count, spread, seed);
          const address = rowsInMemory(values);
          const native = new LogitRows(vocabulary);
          const softmax = new RowSoftmax(vocabulary);
          await native.take(address, count, new Set([temperature, 0]));
          for (let row = 0; row < count; row++) {
            native.select(row);
            const offset = row * vocabulary;
            softmax.read(values, offset);
            expect(native.best()).toBe(softmax.best);
            expect(native.logits).toEqual(values.subarray(offset, offset + vocabulary));
            expect(Math.abs(native.entropy() - softmax.entropy(values, offset))).toBeLessThan(1e-6 * Math.max(10, spread));
            for (const uniform of uniforms) {
              const token = native.draw(temperature, uniform);
              expect(Math.abs(native.logProb(token) - ((values[offset + token] as number) - softmax.logTotal))).toBeLessThan(1e-6);
              // At the border of two tokens rounding may choose the other one.
              const near = [uniform - 1e-5, uniform + 1e-5].map((at) =>
                drawToken(softmax, values, offset, temperature, Math.min(Math.max(at, 0), 1 - 2 ** -53)),
              );
              expect(token).toBeGreaterThanOrEqual(near[0] as number);
              expect(token).toBeLessThanOrEqual(near[1] as number);
            }
          }
          native.close();
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are right where all the weight lies on the last tokens, which fill no block', async () => {
    const rows = new LogitRows(130);
    await rows.take(rowsInMemory(new Float32Array(130).fill(500, 129)), 1, new Set([1]));
    rows.select(0);
    expect([rows.logProb(129), rows.draw(1, 0.3), rows.best()]).toEqual([0, 129, 129]);
    rows.close();
  });

  it('refuse rows that are not finite', async () => {
    const rows = new LogitRows(130);
    await rows.take(rowsInMemory(new Float32Array(260).fill(Number.NaN, 130)), 2, new Set([1]));
    rows.select(0);
    expect(rows.logProb(3)).toBeCloseTo(-Math.log(130), 6);
    expect(() => rows.select(1)).toThrow(/not finite/);
    rows.close();
  });
});
