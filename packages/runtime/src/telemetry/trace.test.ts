import fc from 'fast-check';
import { expect, it } from 'vitest';
import { childTraceparent, spanContextOf, traceparentOf } from './trace.ts';

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: length, maxLength: length })
    .filter((text) => /[^0]/.test(text));

it('reads what it wrote', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.constantFrom(0, 1), (traceId, spanId, traceFlags) => {
      expect(spanContextOf(traceparentOf({ traceId, spanId, traceFlags }))).toEqual({ traceId, spanId, traceFlags, isRemote: true });
    }),
  );
});

it('keeps the trace and gives the child a span of its own', () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(childTraceparent(parent, '0123456789abcdef')).toBe('00-0af7651916cd43dd8448eb211c80319c-0123456789abcdef-01');
});

it('takes nonsense for no trace', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(spanContextOf(text)).toBeUndefined();
    }),
  );
  expect(spanContextOf(`00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`)).toBeUndefined();
  expect(childTraceparent('', '0123456789abcdef')).toBe('');
});
