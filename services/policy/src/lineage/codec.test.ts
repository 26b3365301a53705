import { expect, it } from 'vitest';
import { decodeState, encodeState } from './codec.ts';
import { emptyState } from './state.ts';

const bytes = encodeState({ state: emptyState, sequence: 7 });

it('reads what it wrote', () => {
  expect(decodeState(bytes)).toEqual({ state: emptyState, sequence: 7 });
});

it('refuses states of another form instead of reading half of them', () => {
  const older = { ...(JSON.parse(Buffer.from(bytes).toString()) as object), format: 1 };
  expect(() => decodeState(Buffer.from(JSON.stringify(older)))).toThrow('its format is 1, not 2');
});
