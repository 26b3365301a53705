import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyProjection } from '../projection/projection.ts';
import { foldAll, testRecipe, testRecord, told } from '../projection/builders.ts';
import { crossPlayId, crossPlayReport, openTurns } from '../projection/cross-play.ts';
import { crossPlayHtml } from '../report/html-cross-play.ts';
import { crossPlayTells, spread } from './cross-play.ts';

const releases = (agent: string, last: number) =>
  Array.from({ length: last + 1 }, (_, version) =>
    told(`${agent}-v${version}`, 'policy/0', 'curriculum/0', {
      kind: 'released',
      body: { agent, version, reason: 'gate', updates: version },
    }),
  );
const look = (agent: string, version: number) => {
  const body = { anchorId: `r1:report:end:${agent}`, agent, version, purpose: 'ANCHOR_PURPOSE_REPORT' as const };
  return [
    told(body.anchorId, 'gateway/0', agent, { kind: 'anchorTask', body }),
    told(`${body.anchorId}-result`, 'verifier/0', 'gateway/0', { kind: 'anchorResult', body: { anchorId: body.anchorId, task: body } }),
  ];
};

describe('versions that play', () => {
  test('are spread evenly over what is kept, first and last among them', () => {
    expect(spread([0, 10, 20, 30, 37], 3)).toEqual([0, 20, 37]);
    expect(spread([0, 10, 20, 30, 37], 1)).toEqual([0]);
    expect(spread([0], 3)).toEqual([0]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(200), { minLength: 2 }), fc.integer({ min: 2, max: 8 }), (numbers, wanted) => {
        const versions = numbers.sort((a, b) => a - b);
        const chosen = spread(versions, wanted);
        expect(chosen.every((version) => versions.includes(version))).toBe(true);
        expect([chosen[0], chosen.at(-1)]).toEqual([versions[0], versions.at(-1)]);
        expect(chosen.length).toBeLessThanOrEqual(wanted);
      }),
    );
  });

  test('are those of the final look and before, of which the adapters are kept; what was asked is not asked again', () => {
    const projection = foldAll(emptyProjection(testRecipe()), [
      ...releases('executor/0', 37),
      ...releases('proposer/0', 3),
      ...look('executor/0', 36),
      ...look('proposer/0', 3),
    ]);
    const tells = crossPlayTells(testRecord(), projection);
    expect(tells.map(({ body }) => [body.version, body.opponents])).toEqual([
      [0, [0, 20, 36]],
      [1, [0, 20, 36]],
      [3, [0, 20, 36]],
    ]);
    const [first] = tells;
    if (first) foldAll(projection, [told(first.id, 'gateway/0', 'proposer/0', { kind: 'anchorTask', body: first.body })]);
    expect(crossPlayTells(testRecord(), projection).map(({ body }) => body.version)).toEqual([1, 3]);
  });
});

describe('the matrix', () => {
  const asked = { anchorId: crossPlayId('r1', 5), agent: 'proposer/0', version: 5, opponents: [0, 7] };
  const question = told(asked.anchorId, 'gateway/0', 'proposer/0', {
    kind: 'anchorTask',
    body: { ...asked, purpose: 'ANCHOR_PURPOSE_CROSS_PLAY' },
  });
  const answer = (version: number, figures: { name: string; value: number; count: number }[]) =>
    told(`${asked.anchorId}:${version}-result`, 'verifier/0', 'gateway/0', {
      kind: 'anchorResult',
      body: { anchorId: `${asked.anchorId}:${version}`, task: { version, purpose: 'ANCHOR_PURPOSE_CROSS_PLAY' }, figures },
    });

  test('holds what was answered, with intervals, and says what is open', () => {
    const projection = foldAll(emptyProjection(testRecipe()), [question]);
    expect(crossPlayReport(emptyProjection(testRecipe()).crossPlay)).toBeUndefined();
    expect(openTurns(projection.crossPlay)).toEqual([`${asked.anchorId}:0`, `${asked.anchorId}:7`]);
    foldAll(projection, [answer(7, [{ name: 'greedy', value: 0.5, count: 60 }]), answer(0, [])]);
    expect(openTurns(projection.crossPlay)).toEqual([]);
    const report = crossPlayReport(projection.crossPlay);
    expect(report).toMatchObject({ proposers: [5], executors: [0, 7] });
    expect(report?.cells[0]).toEqual({ proposer: 5, executor: 0 });
    expect(report?.cells[1]).toMatchObject({ proposer: 5, executor: 7, greedy: { value: 0.5, count: 60 } });
    expect(report?.cells[1]?.greedy?.low).toBeGreaterThan(0.37);
    expect(projection.heldOut.requests.size).toBe(0);
  });

  test('as a table: shaded accuracies, and a word where there is none', () => {
    const measured = { value: 0.5, count: 60 };
    const cells = [
      { proposer: 5, executor: 0 },
      { proposer: 5, executor: 7, greedy: measured, sampled: { value: 0.25, count: 60 } },
    ];
    const html = crossPlayHtml({ proposers: [5], executors: [0, 7, 9], cells });
    expect(html).toContain('tasks of proposer v5');
    expect(html).toContain('rgba(var(--heat),0.31)">50 %<small>sampled 25 %, n 60</small>');
    expect(html).toContain('<th>executor v0</th><td>no task</td>');
    expect(html).toContain('<th>executor v9</th><td>no answer</td>');
    expect(crossPlayHtml(undefined)).toContain('No versions');
  });
});
