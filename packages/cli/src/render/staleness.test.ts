import { expect, test } from 'vitest';
import { stalenessLine, stalenessSummary, stalenessTable } from './staleness.ts';

const none = { samples: 0, histogram: [], largest: 0, beyond: 0, leftOut: 0, dropped: 0, refused: 0, unused: 0 };
const rest = { mean: 0, largest: 0, dropped: 0, histogram: [], curve: [], bound: 1 };

test('adds agents up; nothing trained is within any bound', () => {
  expect(stalenessSummary({ ...rest, trained: [] })).toMatchObject({ samples: 0, share: 1, largest: 0 });
  const trained = [
    { ...none, agent: 'executor/0', samples: 7, histogram: [4, 3], largest: 1, leftOut: 2 },
    { ...none, agent: 'verifier/0', samples: 1, histogram: [0, 0, 1], largest: 2, beyond: 1 },
  ];
  const summary = stalenessSummary({ ...rest, trained });
  expect(summary).toMatchObject({ samples: 8, beyond: 1, share: 0.875, largest: 2 });
  const [head, , ...rows] = stalenessTable(summary);
  expect(head).toMatch(/^agent +trained +age 0 +age 1 +age 2 +beyond +left out +dropped +unused$/);
  expect(rows.map((row) => row.split(/ +/))).toEqual([
    ['executor/0', '7', '4', '3', '0', '0', '2', '0', '0'],
    ['verifier/0', '1', '0', '0', '1', '1', '0', '0', '0'],
  ]);
});

test('a share just below all is not told as all', () => {
  const agent = { ...none, agent: 'executor/0', samples: 1_000_000, histogram: [999_999, 0, 1], largest: 2, beyond: 1 };
  expect(stalenessLine(stalenessSummary({ ...rest, trained: [agent] }))).toBe(
    '99.99 % of 1000000 trained samples within 1 release (at most 2)',
  );
  expect(stalenessLine(stalenessSummary({ ...rest, trained: [{ ...agent, beyond: 0 }] }))).toMatch(/^100 % of /);
});
