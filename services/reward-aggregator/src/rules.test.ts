import { describe, expect, it } from 'vitest';
import { rulesOf } from './rules.ts';
import { foldAll, inOrder, messageFrom, recordWith, released, start } from './test-support.ts';

const { recipe } = recordWith();
const withRole = (role: 'executor' | 'verifier' | 'proposer', patch: object) => () =>
  rulesOf(recordWith({ roles: { ...recipe.roles, [role]: { ...recipe.roles[role], ...patch } } }));

describe('rulesOf', () => {
  it('names what is wrong with a recipe', () => {
    expect(withRole('executor', { rewards: [{ use: 'charm', weight: 1 }] })).toThrow(/no reward term "charm"; known: .*brier/);
    expect(withRole('executor', { rewards: [{ use: 'brier', weight: 1 }] })).toThrow(
      'roles.executor.rewards: brier is earned by the verifier; move it to that role',
    );
    expect(withRole('executor', { credit: { use: 'ppo' } })).toThrow(/no credit assigner "ppo"; known: .*expected-pairwise/);
    expect(withRole('executor', { credit: { use: 'expected-pairwise' } })).toThrow(/roles.executor.credit: expected-pairwise/);
    expect(withRole('verifier', { batch: 1 })).toThrow(/roles.verifier.batch: must be at least 2/);
    expect(withRole('proposer', { rewards: [{ use: 'validity', weight: 1, options: { malformed: 2 } }] })).toThrow(/malformed/);
  });
});

describe('what a recipe pays for', () => {
  const plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3] } as const;
  const executorOf = (stream: Parameters<typeof foldAll>[0], rewards: object[]) =>
    foldAll(stream, withRole('executor', { rewards })()).settlements[0]?.totals?.find(({ agent }) => agent === 'executor/0')?.totals;
  const both = [
    { use: 'outcome', weight: 0.5 },
    { use: 'verifier-score', weight: 0.5 },
  ];

  it('the verifier’s score counts for nothing until its trust was measured', () => {
    expect(executorOf([...start(), ...inOrder('1.0', [plan])], both)).toEqual([0.5, 0, 0, 0.5]);
  });

  it('and then as much as the verifier is to be trusted', () => {
    const gate = released('verifier/0', 1);
    if (gate.kind === 'released') gate.body.figures = [{ name: 'brier', value: 0.125, count: 120 }];
    const totals = executorOf([...start(), gate, ...inOrder('1.0', [plan])], both);
    expect(totals).toEqual([0.5 + 0.5 * 0.5 * 0.6, 0.5 * 0.5 * -0.4, 0, 0.5].map((x) => expect.closeTo(x, 12)));
  });

  it('trust is measured on development and gate anchors, never on those of the report', () => {
    const probe = (purpose: 'ANCHOR_PURPOSE_REPORT' | 'ANCHOR_PURPOSE_DEVELOP', version = 0) =>
      messageFrom(
        'verifier/0',
        {
          kind: 'anchorResult',
          body: {
            anchorId: purpose,
            task: { agent: 'verifier/0', version, purpose },
            figures: [{ name: 'brier', value: 0, count: 10 }],
          },
        },
        purpose,
      );
    expect(foldAll([...start(), probe('ANCHOR_PURPOSE_REPORT')]).state.trust).toBe(0);
    expect(foldAll([...start(), probe('ANCHOR_PURPOSE_DEVELOP')]).state.trust).toBe(1);
    // A candidate is not yet anybody whom others listen to.
    expect(foldAll([...start(), probe('ANCHOR_PURPOSE_DEVELOP', 1)]).state.trust).toBe(0);
  });

  it('a proposer is punished for the malformed only where the recipe says so', () => {
    const rewards = [
      { use: 'validity', weight: 0.3, options: { malformed: -0.25 } },
      { use: 'learnability', weight: 0.7 },
    ];
    const outcome = foldAll([...start(), ...inOrder('1.0', [{ ...plan, proposal: 'malformed' }])], withRole('proposer', { rewards })());
    expect(outcome.settlements[0]?.totals?.[0]?.totals).toEqual([-0.25]);
  });
});
