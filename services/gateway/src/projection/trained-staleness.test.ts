import type { ToldInput } from '@redqueen/contract';
import { expect, it } from 'vitest';
import { told } from './builders.ts';
import { emptyTrainedSamples, foldTrainedSamples, trainedStalenessReport } from './trained-staleness.ts';

const agent = 'executor/0';
type Of<Kind extends ToldInput['kind']> = Extract<ToldInput, { kind: Kind }>['body'];

/** A batch with two samples of each of these versions. */
const batch = (number: number, versions: readonly number[], counts: Of<'batch'> = {}): ToldInput => ({
  kind: 'batch',
  body: { agent, number, groups: versions.map((version) => ({ version, samples: [{}, {}] })), ...counts },
});
const released = (version: number, updates: number, reason = 'gate', last = false): ToldInput => ({
  kind: 'released',
  body: { agent, version, updates, reason, last },
});
const candidate = (version: number, consumedBatches: number, stale = 0): ToldInput => ({
  kind: 'candidate',
  body: { agent, version, consumedBatches, updates: consumedBatches, stale },
});

function reportOf(bound: number, ...messages: readonly ToldInput[]) {
  const trained = emptyTrainedSamples();
  for (const [index, message] of messages.entries())
    foldTrainedSamples(trained, told(`m${index}`, 'policy/0', 'curriculum/0', message), bound);
  return trainedStalenessReport(trained)[0];
}

it('the age of a sample is the number of releases after its version when its candidate was trained', () => {
  const start = [released(0, 0, 'start'), batch(1, [0]), candidate(1, 1), released(1, 1)];
  // Batch 2 was told while version 1 was the newest, and trained on under it; number 2 is refused and counts as no release.
  const refused: ToldInput = { kind: 'refused', body: { agent, version: 2, updates: 2 } };
  const more = [
    batch(2, [0, 1]),
    candidate(2, 2),
    refused,
    batch(3, [1]),
    candidate(3, 3),
    released(3, 3),
    batch(4, [1, 3]),
    candidate(4, 4),
  ];
  expect(reportOf(1, ...start, ...more)).toMatchObject({ samples: 12, histogram: [8, 4], largest: 1, beyond: 0, leftOut: 0, unused: 0 });
});

it('a batch that waited over a release is as old as when it was trained on, whatever it was when it was told', () => {
  const stream = [released(0, 0, 'start'), batch(1, [0]), candidate(1, 1), batch(2, [0]), released(1, 1)];
  expect(reportOf(0, ...stream, candidate(2, 2))).toMatchObject({ samples: 4, histogram: [2, 2], beyond: 2, leftOut: 0 });
  expect(reportOf(0, ...stream, candidate(2, 2, 2))).toMatchObject({ samples: 2, histogram: [2], beyond: 0, leftOut: 2 });
  expect(reportOf(1, ...stream, candidate(2, 2))).toMatchObject({ samples: 4, histogram: [2, 2], beyond: 0 });
});

it('a sample of a version that was never released is beyond any bound', () => {
  expect(reportOf(5, released(0, 0, 'start'), batch(1, [7, 0]), candidate(1, 1))).toMatchObject({ samples: 4, beyond: 2, largest: 64 });
});

it('what is in no weights is unused: an unchanged version, a rollback; after the last version nothing counts', () => {
  const unchanged = [released(0, 0, 'start'), batch(1, [0]), batch(2, [0]), released(1, 2, 'unchanged')];
  expect(reportOf(1, ...unchanged)).toMatchObject({ samples: 0, unused: 4 });
  const rolledBack = [
    ...unchanged,
    batch(3, [1]),
    candidate(2, 3),
    released(2, 3),
    batch(4, [2]),
    batch(5, [2]),
    released(3, 4, 'rollback'),
  ];
  expect(reportOf(1, ...rolledBack)).toMatchObject({ samples: 2, unused: 6 });
  const ended = [...rolledBack, candidate(4, 5), released(4, 5, 'gate', true), batch(6, [0], { stale: 3, refused: 1 }), candidate(5, 6)];
  expect(reportOf(1, ...ended)).toMatchObject({ samples: 4, histogram: [2, 2], beyond: 0, unused: 6, dropped: 3, refused: 1 });
});
