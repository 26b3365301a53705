import type { Message } from '@redqueen/contract';
import { describe, expect, test } from 'vitest';
import { episodeMessages, foldAll, testRecipe, testRecord, told } from '../projection/builders.ts';
import { elapsedSeconds, emptyProjection, fold, type Projection } from '../projection/projection.ts';
import { reportedAgents } from './anchors.ts';
import { crossPlayPatienceMs } from './cross-play.ts';
import { endOf, plan, type Step } from './plan.ts';

const everybody = reportedAgents(testRecipe());
const ids = (steps: readonly Step[]) => steps.map((step) => (step.kind === 'tell' ? step.id : step.kind));

/** What the actors see once the steps' messages are stored. */
function applied(projection: Projection, steps: readonly Step[]): Projection {
  const messages = steps.flatMap((step) =>
    step.kind === 'tell' ? [told(step.id, 'gateway/0', `${step.to.role}/${step.to.key}`, step.told)] : [],
  );
  return foldAll(projection, messages);
}

function answers(projection: Projection): Message[] {
  return [...projection.heldOut.requests.values()]
    .filter(({ answered }) => !answered)
    .map(({ anchorId }) =>
      told(`${anchorId}-result`, 'verifier/0', 'gateway/0', { kind: 'anchorResult', body: { anchorId, figures: [], arms: [] } }),
    );
}

/** An executor version's answer to the tasks of a proposer version. */
const turn = (asked: string, version: number) =>
  told(`${asked}:${version}-result`, 'verifier/0', 'gateway/0', {
    kind: 'anchorResult',
    body: {
      anchorId: `${asked}:${version}`,
      task: { version, purpose: 'ANCHOR_PURPOSE_CROSS_PLAY' },
      figures: [{ name: 'greedy', value: 0.5, count: 60 }],
    },
  });

const release = (agent: string, version: number, last = false) =>
  told(`${agent}-v${version}`, 'policy/0', 'curriculum/0', {
    kind: 'released',
    body: { agent, version, reason: version === 0 ? 'start' : 'gate', updates: version, last },
  });

function started(): Projection {
  const projection = applied(emptyProjection(testRecipe()), plan(testRecord(), emptyProjection(testRecipe()), 1000));
  foldAll(
    projection,
    everybody.map((agent) => release(agent, 0)),
  );
  return projection;
}

const at = (projection: Projection, later = 0) => (projection.lastAt ?? 0) + later;

describe('run control', () => {
  test('measures every executor, and ends with the last of them', () => {
    const record = testRecord({ recipe: testRecipe({ roles: { executor: { agents: 2 } } }) });
    const projection = applied(emptyProjection(record.recipe), plan(record, emptyProjection(record.recipe), 1000));
    const peers = reportedAgents(record.recipe);
    foldAll(
      projection,
      peers.map((agent) => release(agent, 0)),
    );
    const first = plan(record, projection, at(projection));
    expect(ids(first)).toEqual(peers.map((agent) => `r1:report:start:${agent}`));
    const targets = first.map((step) => (step.kind === 'tell' ? `${step.to.role}/${step.to.key}` : ''));
    expect(targets.slice(0, 2)).toEqual(['executor/0', 'executor/0']);
    foldAll(projection, [release('executor/0', 1, true)]);
    expect(endOf(record, projection)).toBeUndefined();
    foldAll(projection, [release('executor/1', 1, true)]);
    expect(endOf(record, projection)).toBe('8 updates made');
  });

  test('starts policy and curriculum once, whoever asks again', () => {
    const empty = emptyProjection(testRecipe());
    const steps = plan(testRecord(), empty, 1000);
    expect(ids(steps)).toEqual(['r1-start-policy', 'r1-start-curriculum']);
    expect(plan(testRecord(), applied(empty, steps), 1000)).toEqual([]);
  });

  test('measures version 0 of every agent as soon as there is one, and then every so often what is new', () => {
    const projection = started();
    const first = plan(testRecord(), projection, at(projection));
    expect(ids(first)).toEqual(everybody.map((agent) => `r1:report:start:${agent}`));
    applied(projection, first);
    expect(plan(testRecord(), projection, at(projection, 40_000))).toEqual([]);
    foldAll(projection, answers(projection));
    expect(plan(testRecord(), projection, at(projection, 40_000))).toEqual([]);
    foldAll(projection, [release('executor/0', 1)]);
    expect(plan(testRecord(), projection, at(projection))).toEqual([]);
    expect(ids(plan(testRecord(), projection, at(projection, 40_000)))).toEqual(['r1:report:1:executor/0']);
  });

  test('asks again after its patience, and fails the run after the third time', () => {
    const projection = started();
    applied(projection, plan(testRecord(), projection, at(projection)));
    for (const suffix of ['start.2', 'start.3']) {
      const steps = plan(testRecord(), projection, at(projection, 200_000));
      expect(ids(steps)).toContain(`r1:report:${suffix}:executor/0`);
      for (const step of steps) if (step.kind === 'tell') foldLater(projection, step);
    }
    expect(ids(plan(testRecord(), projection, at(projection, 200_000)))).toContain('fail');
  });

  test('ends after the last update: stop, final anchors, then finish', () => {
    const projection = started();
    applied(projection, plan(testRecord(), projection, at(projection)));
    foldAll(projection, [...answers(projection), release('executor/0', 1, true)]);
    const steps = plan(testRecord(), projection, at(projection));
    expect(ids(steps)).toEqual(['r1-stop-1', ...everybody.map((agent) => `r1:report:end:${agent}`)]);
    applied(projection, steps);
    expect(plan(testRecord(), projection, at(projection))).toEqual([]);
    foldAll(projection, answers(projection));
    const matrix = plan(testRecord(), projection, at(projection));
    expect(ids(matrix)).toEqual(['r1:cross-play:0']);
    applied(projection, matrix);
    expect(plan(testRecord(), projection, at(projection))).toEqual([]);
    foldAll(projection, [turn('r1:cross-play:0', 0), turn('r1:cross-play:0', 1)]);
    expect(ids(plan(testRecord(), projection, at(projection)))).toEqual(['finish']);
  });

  test('ends without the matrix where none is wanted, and without the cells that nobody answers', () => {
    const projection = started();
    applied(projection, plan(testRecord(), projection, at(projection)));
    foldAll(projection, [...answers(projection), release('executor/0', 1, true)]);
    applied(projection, plan(testRecord(), projection, at(projection)));
    foldAll(projection, answers(projection));
    const without = testRecord({ recipe: testRecipe({ report: { crossPlay: 0 } }) });
    expect(ids(plan(without, projection, at(projection)))).toEqual(['finish']);
    applied(projection, plan(testRecord(), projection, at(projection)));
    expect(plan(testRecord(), projection, at(projection, crossPlayPatienceMs - 1))).toEqual([]);
    expect(ids(plan(testRecord(), projection, at(projection, crossPlayPatienceMs)))).toEqual(['finish']);
  });

  test('ends early once enough tokens were sampled', () => {
    const record = testRecord({ recipe: testRecipe({ maxSampledTokens: 6 }) });
    const projection = started();
    foldAll(projection, episodeMessages('1.0.0'));
    expect(ids(plan(record, projection, at(projection)))).toContain('r1-stop-1');
  });

  test('stops once what is in hand is finished, and resumes where it was', () => {
    const projection = started();
    const stopping = testRecord({ status: 'stopping' });
    expect(ids(plan(stopping, projection, at(projection)))).toEqual(['r1-stop-1']);
    applied(projection, plan(stopping, projection, at(projection)));
    foldAll(projection, episodeMessages('1.0.0').slice(0, 1));
    expect(plan(stopping, projection, at(projection, 1000))).toEqual([]);
    foldAll(projection, episodeMessages('1.0.0').slice(1));
    expect(ids(plan(stopping, projection, at(projection, 1000)))).toEqual(['stopped']);
    const [resumption, ...rest] = plan(testRecord(), projection, at(projection));
    expect(ids([resumption as Step])).toEqual(['r1-start-curriculum-2']);
    expect(rest).toEqual(plan(testRecord(), projection, at(projection)).slice(1));
    const before = elapsedSeconds(projection);
    foldLater(projection, resumption as Extract<Step, { kind: 'tell' }>);
    expect(elapsedSeconds(projection)).toBe(before);
    expect(ids(plan(testRecord(), projection, at(projection)))).not.toContain('r1-start-curriculum-3');
  });

  test('does nothing for a run that is over', () => {
    expect(plan(testRecord({ status: 'finished' }), started(), 5000)).toEqual([]);
  });
});

function foldLater(projection: Projection, step: Extract<Step, { kind: 'tell' }>): void {
  const message = told(step.id, 'gateway/0', `${step.to.role}/${step.to.key}`, step.told);
  fold(projection, { message, sequence: projection.sequence + 1, storedAt: at(projection, 200_000) });
}
