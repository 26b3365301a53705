import { expect, test } from 'vitest';
import { figureChange, figureKind, figureText } from './figures.ts';

test('figures read as a person wants them', () => {
  expect(figureText('sampled.add', 0.2734)).toBe('27.3 %');
  expect(figureText('brier', 0.2863)).toBe('0.286');
  expect(figureChange('sampled', -0.1)).toBe('−10.0');
  expect(figureChange('auc', 0)).toBe('±0.000');
  expect(figureChange('sampled', 1e-5)).toBe('±0.0');
  expect(figureKind('brier').higherIsBetter).toBe(false);
  expect(figureKind('unheard-of')).toMatchObject({ name: 'unheard-of', percent: false });
});
