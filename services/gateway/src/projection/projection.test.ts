import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportOf } from '../report/document.ts';
import { episodeMessages, foldAll, testRecord, testRecipe, told } from './builders.ts';
import { emptyCurve, extendCurve } from './curve.ts';
import { conversationOf } from './conversation.ts';
import { anchorIdOf } from './held-out.ts';
import { emptyProjection, fold } from './projection.ts';

const noExtras = { cost: { processes: [] }, deadLetters: [] };
const gateway = { role: 'gateway', key: '0' };

function released(agent: string, version: number, reason: string, change: object = {}) {
  return told(`${agent}-${version}-${reason}`, 'policy/0', 'curriculum/0', {
    kind: 'released',
    body: {
      agent,
      version,
      adapterHash: version === 0 ? '' : `hash${version}`,
      reason,
      sourceVersion: version,
      updates: version * 4,
      ...change,
    },
  });
}

function look(point: string, version: number, sampled: number) {
  const anchorId = anchorIdOf('r1', point, 'executor/0');
  const task = {
    anchorId,
    agent: 'executor/0',
    version,
    purpose: 'ANCHOR_PURPOSE_REPORT' as const,
    perArm: 10,
    sampled: true,
    replyTo: gateway,
  };
  const figures = [
    { name: 'sampled', value: sampled, count: 30 },
    { name: 'sampled.add', value: sampled, count: 20 },
    { name: 'sampled.subtract', value: 0, count: 10 },
  ];
  return [
    told(`${anchorId}`, 'gateway/0', 'executor/0', { kind: 'anchorTask', body: task }),
    told(`${anchorId}-result`, 'verifier/0', 'gateway/0', {
      kind: 'anchorResult',
      body: { anchorId, task, figures, arms: [{ family: 'add', level: 1, count: 10, passed: 10 * sampled }], anchorsHash: 'a' },
    }),
  ];
}

describe('projection of a run', () => {
  test('P1, P2: the same stream gives the same report; a message counts once', () => {
    const messages = [released('executor/0', 0, 'start'), ...episodeMessages('1.0.0'), ...episodeMessages('1.0.1')];
    const once = foldAll(emptyProjection(testRecipe()), messages);
    const again = foldAll(emptyProjection(testRecipe()), messages);
    expect(reportOf(testRecord(), once, noExtras)).toEqual(reportOf(testRecord(), again, noExtras));
    const before = reportOf(testRecord(), once, noExtras);
    for (const message of messages) fold(once, { message, sequence: once.sequence + 1, storedAt: once.lastAt ?? 0 });
    const after = reportOf(testRecord(), once, noExtras);
    expect(after.tokens).toEqual(before.tokens);
    expect(after.settlements.settled).toBe(2);
    expect(after.rewards.find(({ term }) => term === 'outcome')?.count).toBe(4);
  });

  test('counts attempts, tokens, proposals and what was settled', () => {
    const report = reportOf(testRecord(), foldAll(emptyProjection(testRecipe()), episodeMessages('1.0.0')), noExtras);
    expect(report.attempts).toEqual({ sampled: 2, settled: 2, solved: 1, failures: { ok: 2 } });
    expect(report.tokens.sampledByRole).toEqual({ proposer: 2, executor: 4 });
    expect(report.proposals).toEqual({ accepted: 1, generated: 0, rejected: {} });
    expect(report.frontier.find(({ family, level }) => family === 'add' && level === 1)).toMatchObject({ episodes: 1, solveRate: 0.5 });
    expect(report.frontier.find(({ family }) => family === 'reverse')?.solveRate).toBeUndefined();
  });

  test('the before/after table adds families up to environments, weighted by sample size', () => {
    const messages = [
      released('executor/0', 0, 'start'),
      ...look('start', 0, 0.3),
      released('executor/0', 1, 'gate'),
      ...look('end', 1, 0.6),
    ];
    const { heldOut, frontier } = reportOf(testRecord(), foldAll(emptyProjection(testRecipe()), messages), noExtras);
    const row = (environment: string, family: string) =>
      heldOut.find((entry) => entry.environment === environment && entry.family === family);
    expect(row('arithmetic', '')).toMatchObject({ figure: 'sampled', before: { value: 0.2, count: 30 }, after: { value: 0.4, count: 30 } });
    expect(row('arithmetic', 'add')?.after.low).toBeLessThan(0.6);
    expect(frontier.find(({ family, level }) => family === 'add' && level === 1)).toMatchObject({
      heldOutBefore: { value: 0.3 },
      heldOutAfter: { value: 0.6 },
    });
  });

  test('lineages keep released, refused and rolled-back versions with their flips', () => {
    const refused = told('x', 'policy/0', 'curriculum/0', {
      kind: 'refused',
      body: { agent: 'executor/0', version: 2, reason: 'worse', passToFail: 9, failToPass: 1, updates: 8, last: true },
    });
    const messages = [
      released('executor/0', 0, 'start'),
      released('executor/0', 1, 'gate', { failToPass: 3 }),
      refused,
      released('executor/0', 3, 'rollback', { sourceVersion: 0 }),
    ];
    const projection = foldAll(emptyProjection(testRecipe()), messages);
    const [agent] = reportOf(testRecord(), projection, noExtras).agents;
    expect(agent).toMatchObject({ version: 3, released: 1, refused: 1, rolledBack: 1, updates: 12 });
    expect(agent?.marks.map(({ event }) => event)).toEqual(['released', 'released', 'refused', 'rolled-back']);
    expect(projection.controls.notes.map(({ text }) => text)).toContain('executor/0 v2 refused: worse (+1 −9 gate anchors)');
  });

  test('staleness is the released version minus the one that sampled', () => {
    const batch = told('b', 'reward-aggregator/0', 'policy/0', {
      kind: 'batch',
      body: { agent: 'executor/0', number: 1, stale: 2, groups: [{ version: 1, samples: [{ tokens: [1] }] }, { version: 0 }] },
    });
    const report = reportOf(testRecord(), foldAll(emptyProjection(testRecipe()), [released('executor/0', 1, 'gate'), batch]), noExtras);
    expect(report.staleness).toMatchObject({ mean: 0.5, largest: 1, dropped: 2, histogram: [1, 1] });
    expect(report.tokens.trained).toBe(1);
  });

  test('P3: a curve never has more than 240 points, keeps its order and its newest value', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 2000 }), (gaps) => {
        const curve = emptyCurve();
        let seconds = 0;
        for (const gap of gaps) extendCurve(curve, (seconds += gap), seconds);
        expect(curve.points.length).toBeLessThanOrEqual(241);
        expect(curve.points.every((point, index) => index === 0 || point.seconds >= (curve.points[index - 1]?.seconds ?? 0))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an episode as a conversation', () => {
  test('shows who said what, what it earned and why', () => {
    const conversation = conversationOf('1.0.0', episodeMessages('1.0.0'));
    expect(conversation.turns.map(({ kind }) => kind)).toEqual(['proposal', 'attempt', 'attempt', 'verdict']);
    expect(conversation.turns[1]).toMatchObject({
      text: '2',
      prompt: '1+1=',
      total: 1,
      advantage: 1,
      rewards: [{ term: 'outcome', value: 1, evidence: 'right' }],
    });
    expect(conversation.turns[3]?.text).toBe('"2" is right');
    expect(conversation.explanation).toContain('1 of 2 attempts were right');
  });

  test('says that an unsettled and a void episode teach nothing', () => {
    const messages = episodeMessages('1.0.0').slice(0, -1);
    expect(conversationOf('1.0.0', messages).explanation).toContain('nothing is settled');
    const settlement = told('v', 'reward-aggregator/0', 'curriculum/0', {
      kind: 'settlement',
      body: { episodeId: '1.0.0', status: 'SETTLEMENT_STATUS_VOID', reason: 'rewards missing' },
    });
    expect(conversationOf('1.0.0', [...messages, settlement]).explanation).toContain('no zero');
  });
});
