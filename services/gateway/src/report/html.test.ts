import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { episodeMessages, foldAll, testRecipe, testRecord } from '../projection/builders.ts';
import { emptyProjection } from '../projection/projection.ts';
import { reportOf } from './document.ts';
import { reportHtml } from './html.ts';
import { chartSvg, tickValues } from './svg.ts';
import { changeText, durationText, measuredText } from './words.ts';

const noExtras = { cost: { processes: [] }, deadLetters: [] };

describe('the written report', () => {
  test('of a run that did nothing says so in words', () => {
    const html = reportHtml(reportOf(testRecord({ status: 'stopped' }), emptyProjection(testRecipe()), noExtras));
    for (const sentence of [
      'No held-out anchors were measured',
      'No reward was told',
      'No episode was settled',
      'cannot be seen from here',
    ]) {
      expect(html).toContain(sentence);
    }
  });

  test('shows what models wrote as text, never as markup', () => {
    const projection = foldAll(emptyProjection(testRecipe()), episodeMessages('1.0.0', '<script>alert(1)</script>'));
    const html = reportHtml(reportOf(testRecord(), projection, noExtras));
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toContain('<script');
  });

  test('has a chart for each monitor, and no such section without one', () => {
    const recipe = testRecipe({ monitors: [{ use: 'waste' }, { use: 'roles' }] });
    const html = reportHtml(reportOf(testRecord({ recipe }), foldAll(emptyProjection(recipe), episodeMessages('1.0.0')), noExtras));
    expect(html).toContain('<h2>Monitors</h2>');
    expect(html).toContain('<h3>roles: executor</h3>');
    expect(reportHtml(reportOf(testRecord(), emptyProjection(testRecipe()), noExtras))).not.toContain('<h2>Monitors</h2>');
  });

  test('needs no other file', () => {
    const html = reportHtml(reportOf(testRecord(), foldAll(emptyProjection(testRecipe()), episodeMessages('1.0.0')), noExtras));
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
  });
});

describe('a chart', () => {
  test('without points is a sentence', () => {
    expect(chartSvg({ title: 'nothing', lines: [{ name: 'a', colour: 0, points: [] }] })).toContain('Nothing was measured');
  });

  test('has between two and eleven round ticks within its range', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, span) => {
        const ticks = tickValues(low, low + span);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(11);
        const slack = 1e-6 * Math.max(span, Math.abs(low));
        expect(ticks.every((tick) => tick >= low - slack && tick <= low + span + slack)).toBe(true);
      }),
    );
  });
});

test('words', () => {
  expect(measuredText('sampled', { value: 0.5, count: 4, low: 0.15, high: 0.85 })).toBe('50.0 % [15–85]');
  expect(changeText('sampled', 0.2, 0.5)).toBe('+30.0 points');
  expect(changeText('brier', 0.28, 0.22)).toBe('−0.060');
  expect(durationText(272)).toBe('4 min 32 s');
});
