import { expect, test } from 'vitest';
import { byteModel, decodeModel, encodeModel, initialModel } from './model-file.ts';

const size = { layers: 2, width: 16, heads: 2, keyValueHeads: 1, feedForward: 24, context: 32 };
const model = byteModel(size);

test('a model file gives back the very weights that it was made of, wherever its bytes lie', () => {
  const weights = initialModel(model, 7);
  const file = encodeModel(model, weights, 'test');
  expect(decodeModel(model, file)).toEqual(weights);
  const shifted = Buffer.concat([Buffer.from('x'), file]).subarray(1);
  expect(decodeModel(model, shifted)).toEqual(weights);
});

test('a file of another size is refused with the tensor that does not fit', () => {
  const file = encodeModel(model, initialModel(model, 7), 'test');
  expect(() => decodeModel(byteModel({ ...size, feedForward: 32 }), file)).toThrow(/no tensor "blk.0.ffn_gate.weight" of 16×32/);
});
