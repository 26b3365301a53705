import type { BatchInput } from '@redqueen/contract';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../rules.ts';
import { advantagesOf, foldAll, inOrder, recordWith, released, start, type Outcome, type Plan } from '../test-support.ts';

const mixed = (solved: number, version = 0): Plan => ({
  proposal: 'valid',
  outcomes: [0, 1, 2, 3].map((index) => (index < solved ? 1 : 0)),
  confidences: [0.7, 0.4],
  version,
});
const batchOf = (outcome: Outcome, agent: string): BatchInput | undefined => outcome.batches.find((batch) => batch.agent === agent);

describe('executor', () => {
  const outcome = foldAll([...start(), ...inOrder('1.0', [mixed(1), mixed(0), mixed(4), mixed(2)])]);
  const batch = batchOf(outcome, 'executor/0');

  it('counts every episode and carries tokens of mixed groups alone', () => {
    expect(batch).toMatchObject({ number: 1, episodes: 4, stale: 0, refused: 0, meanReward: 7 / 16, sampledTokens: 48, normaliser: 24 });
    expect(batch?.groups?.map(({ episodeId }) => episodeId)).toEqual(['1.0.0', '1.0.3']);
    expect(batch?.settlementDigests).toEqual(outcome.settlements.map(({ digest }) => digest));
  });

  it('gives every token of a sample the sample’s advantage, next to its own log-prob', () => {
    const [first] = batch?.groups ?? [];
    expect(first?.samples).toHaveLength(4);
    for (const [index, sample] of (first?.samples ?? []).entries()) {
      expect(sample.tokens).toHaveLength(3);
      expect(sample.oldLogProbs).toHaveLength(3);
      expect(new Set(sample.advantages).size).toBe(1);
      expect(Math.sign(Number(sample.advantages?.[0]))).toBe(index === 0 ? 1 : -1);
    }
    expect(first?.promptTokens).toEqual([256, ...Buffer.from('10+0=')]);
    expect(outcome.settlements[0]?.totals?.[0]?.advantages).toEqual(first?.samples?.map((sample) => sample.advantages?.[0]));
  });

  it('says which share of the attempts was right, void ones left out', () => {
    expect(batch?.groups?.map(({ solveRate }) => solveRate)).toEqual([0.25, 0.5]);
    const plan: Plan = { ...mixed(1), outcomes: [1, 'void', 0, 0, 0] };
    expect(batchOf(foldAll([...start(), ...inOrder('1.0', [plan, plan, plan, plan])]), 'executor/0')?.groups?.[0]?.solveRate).toBe(0.25);
  });

  it('gives tokens that the policy did not sample no advantage, and does not count them', () => {
    const stream = inOrder('1.0', [mixed(1), mixed(0), mixed(4), mixed(2)]).map((message) => {
      if (message.kind === 'attempts') for (const sample of message.body.group?.samples ?? []) sample.given = [false, true, false];
      return message;
    });
    const masked = batchOf(foldAll([...start(), ...stream]), 'executor/0');
    expect(masked?.normaliser).toBe((24 * 2) / 3);
    for (const sample of masked?.groups?.[0]?.samples ?? []) {
      expect(sample.given).toEqual([false, true, false]);
      expect(sample.advantages?.map((advantage) => advantage === 0)).toEqual([false, true, false]);
    }
    expect(batch?.groups?.[0]?.samples?.[0]?.given).toEqual([]);
  });

  it('leaves void attempts out', () => {
    const plan: Plan = { ...mixed(1), outcomes: [1, 'void', 0, 0, 0] };
    const group = batchOf(foldAll([...start(), ...inOrder('1.0', [plan, plan, plan, plan])]), 'executor/0')?.groups?.[0];
    expect(group?.samples).toHaveLength(4);
  });

  it('does not wait for ever where nothing can be learnt', () => {
    const dull = foldAll([...start(), ...inOrder('1.0', [mixed(0), mixed(0), mixed(4), mixed(4)])]);
    expect(batchOf(dull, 'executor/0')).toMatchObject({ episodes: 4, groups: [], normaliser: 0 });
  });
});

describe('proposer', () => {
  it('compares the proposals of a slot, invalid ones included, and divides by the deviation of the batch', () => {
    const plans: Plan[] = [mixed(2), { ...mixed(2), proposal: 'malformed' }, mixed(4), mixed(1)];
    const batch = batchOf(foldAll([...start(), ...inOrder('1.0', plans)]), 'proposer/0');
    const totals = [1, 0, 0.3, 0.3 + 0.7 * 0.75];
    const centre = totals.reduce((sum, x) => sum + x, 0) / 4;
    const scale = Math.sqrt(totals.reduce((sum, x) => sum + (x - centre) ** 2, 0) / 4) + 1e-4;
    expect(batch).toMatchObject({ episodes: 4, meanReward: expect.closeTo(centre, 12) });
    expect(batch?.groups).toHaveLength(1);
    expect(batch?.groups?.[0]?.samples?.map((sample) => sample.advantages?.[0])).toEqual(
      totals.map((x) => expect.closeTo((x - centre) / scale, 12)),
    );
    expect(batch?.normaliser).toBe(batch?.groups?.[0]?.samples?.reduce((sum, sample) => sum + (sample.tokens?.length ?? 0), 0));
  });

  it('waits until every proposal of the slot is decided', () => {
    const stream = [...start(), ...inOrder('1.0', [mixed(2), mixed(1), mixed(3), mixed(2)])];
    expect(batchOf(foldAll(stream.slice(0, -1)), 'proposer/0')).toBeUndefined();
    expect(batchOf(foldAll(stream), 'proposer/0')?.episodes).toBe(4);
  });

  it('a repeated proposal earns less', () => {
    const [first, second] = foldAll([...start(), ...inOrder('1.0', [mixed(2), { ...mixed(2), repetition: 1 }])]).settlements;
    const own = (settlement: typeof first) => settlement?.totals?.find(({ agent }) => agent === 'proposer/0')?.totals?.[0];
    expect(Number(own(first)) - Number(own(second))).toBeCloseTo(0.5, 12);
  });
});

describe('verifier', () => {
  it('takes as many right as wrong judgements, the newest, and raises the right label of each', () => {
    const outcome = foldAll([...start(), ...inOrder('1.0', [mixed(1), mixed(2)])]);
    const batch = batchOf(outcome, 'verifier/0');
    expect(batch).toMatchObject({
      episodes: 4,
      normaliser: 4,
      sampledTokens: 4,
      meanReward: expect.closeTo((2 * (1 - 0.09) + 2 * (1 - 0.16)) / 4, 12),
    });
    const right = 8 * 0.3 * 0.7 * 0.3;
    const wrong = 8 * 0.4 * 0.6 * 0.4;
    const expected: Record<string, [number, number]> = {
      '1.0.0#0': [right, -right],
      '1.0.0#1': [-wrong, wrong],
      '1.0.1#0': [right, -right],
      '1.0.1#2': [-wrong, wrong],
    };
    expect(batch?.groups).toHaveLength(4);
    for (const group of batch?.groups ?? []) {
      expect(group.samples?.map(({ tokens }) => tokens)).toEqual([[121], [110]]);
      const values = group.samples?.map((sample) => sample.advantages?.[0]);
      expect(values).toEqual(expected[group.episodeId ?? '']?.map((x) => expect.closeTo(x, 6)));
    }
  });

  it('knows the labels by their text, not by their order', () => {
    const swapped = inOrder('1.0', [mixed(1), mixed(2)]).map((message) => {
      if (message.kind === 'verdicts') for (const verdict of message.body.verdicts) verdict.judgement?.samples.reverse();
      return message;
    });
    const straight = foldAll([...start(), ...inOrder('1.0', [mixed(1), mixed(2)])]);
    expect(batchOf(foldAll([...start(), ...swapped]), 'verifier/0')).toEqual(batchOf(straight, 'verifier/0'));
  });

  it('draws from the larger class and leaves the others for later', () => {
    const right: Plan = { ...mixed(4), confidences: [0.7, 0.4] };
    const wrong: Plan = { ...mixed(0), confidences: [0.7, 0.4] };
    const outcome = foldAll([...start(), ...inOrder('1.0', [right, right, right, wrong, wrong])]);
    const taken = batchOf(outcome, 'verifier/0')?.groups?.map(({ episodeId }) => episodeId) ?? [];
    const left = outcome.state.pools.get('verifier/0')?.right.map(({ id }) => id) ?? [];
    expect(left).toHaveLength(1);
    expect(new Set([...taken, ...left])).toEqual(new Set(['1.0.0#0', '1.0.1#0', '1.0.2#0', '1.0.3#0', '1.0.4#0']));
  });

  it('does not fill a batch with one class', () => {
    const onlyWrong: Plan = { ...mixed(0), confidences: [0.7, 0.4] };
    const outcome = foldAll([...start(), ...Array.from({ length: 6 }, (_, tick) => inOrder(`${tick}.0`, [onlyWrong, onlyWrong])).flat()]);
    expect(batchOf(outcome, 'verifier/0')).toBeUndefined();
    expect(outcome.state.pools.get('verifier/0')?.wrong).toHaveLength(12);
  });

  it('remembers no more than 256 judgements of a class', () => {
    const onlyWrong: Plan = { ...mixed(0), confidences: [0.7, 0.4] };
    const stream = Array.from({ length: 75 }, (_, tick) => inOrder(`${tick}.0`, [onlyWrong, onlyWrong, onlyWrong, onlyWrong])).flat();
    const { state } = foldAll([...start(), ...stream]);
    expect(state.pools.get('verifier/0')?.wrong).toHaveLength(256);
    expect(state.pools.get('verifier/0')?.wrong.at(-1)?.id).toBe('74.0.3#0');
  });
});

describe('world model', () => {
  it('compares the predictions of one transition with each other', () => {
    const plan: Plan = {
      ...mixed(2),
      predictions: [
        [1, 0],
        [1, 0.5],
        [0.5, 0.5],
        [0, 1],
      ],
    };
    const batch = batchOf(foldAll([...start(), ...inOrder('1.0', [plan])]), 'world-model/0');
    expect(batch).toMatchObject({ episodes: 4, normaliser: 3 * 2 * 4, sampledTokens: 4 * 2 * 4 });
    expect(batch?.groups?.map(({ episodeId }) => episodeId)).toEqual(['1.0.0/w#0', '1.0.0/w#1', '1.0.0/w#3']);
    expect(batch?.settlementDigests).toHaveLength(1);
  });
});

describe('staleness and attestation', () => {
  const four = (version: number) => [mixed(1, version), mixed(1, version), mixed(1, version), mixed(1, version)];
  const releases = (agents: readonly string[], version: number) => agents.map((agent) => released(agent, version));
  const all = ['executor/0', 'proposer/0', 'verifier/0'];

  it('samples of the version before the released one still teach', () => {
    const outcome = foldAll([...start(), ...releases(all, 1), ...inOrder('1.0', four(0))]);
    for (const agent of all) expect(batchOf(outcome, agent)).toMatchObject({ stale: 0 });
    expect(batchOf(outcome, 'executor/0')?.groups?.[0]?.version).toBe(0);
  });

  it('older ones do not: the executor’s still fill their batch, the others’ make room', () => {
    const outcome = foldAll([...start(), ...releases(all, 1), ...releases(all, 2), ...inOrder('1.0', four(0))]);
    expect(batchOf(outcome, 'executor/0')).toMatchObject({ episodes: 4, stale: 16, groups: [], normaliser: 0, meanReward: 0.25 });
    expect(batchOf(outcome, 'proposer/0')).toBeUndefined();
    const later = foldAll(inOrder('2.0', four(2)), undefined, outcome.state);
    expect(batchOf(later, 'proposer/0')).toMatchObject({ episodes: 4, stale: 4, refused: 0 });
    expect(batchOf(later, 'verifier/0')).toMatchObject({ episodes: 4, stale: 8 });
    const third = foldAll(inOrder('3.0', four(2)), undefined, later.state);
    for (const agent of all) expect(batchOf(third, agent)).toMatchObject({ stale: 0, refused: 0 });
  });

  it('staleness counts releases, not refused numbers in between', () => {
    const outcome = foldAll([...start(), released('executor/0', 1), released('executor/0', 5), ...inOrder('1.0', four(1))]);
    expect(batchOf(outcome, 'executor/0')).toMatchObject({ stale: 0 });
  });

  it('samples of a wrong adapter teach nobody', () => {
    const stream = inOrder('1.0', four(1)).map((message) => {
      if (message.kind === 'attempts' && message.body.group?.policy) message.body.group.policy.adapterHash = 'something else';
      return message;
    });
    const outcome = foldAll([...start(), ...releases(all, 1), ...stream]);
    expect(batchOf(outcome, 'executor/0')).toMatchObject({ episodes: 4, refused: 16, stale: 0, groups: [] });
    expect(batchOf(outcome, 'proposer/0')).toMatchObject({ refused: 0 });
  });

  it('samples that another agent’s stamp attests teach nobody', () => {
    const stream = inOrder('1.0', four(0)).map((message) => {
      if (message.kind === 'attempts' && message.body.group?.policy) message.body.group.policy.agent = 'proposer/0';
      return message;
    });
    expect(batchOf(foldAll([...start(), ...stream]), 'executor/0')).toMatchObject({ episodes: 4, refused: 16 });
  });

  it('samples of a version that is not yet told wait for the news of it', () => {
    const early = foldAll([...start(), ...inOrder('1.0', four(1))]);
    expect(early.batches).toEqual([]);
    const outcome = foldAll(releases(all, 1), undefined, early.state);
    expect(batchOf(outcome, 'executor/0')).toMatchObject({ episodes: 4, refused: 0 });
    expect(batchOf(outcome, 'executor/0')?.groups).toHaveLength(4);
    expect(batchOf(outcome, 'proposer/0')?.episodes).toBe(4);
    expect(batchOf(outcome, 'verifier/0')?.episodes).toBe(4);
  });

  it('not for ever', () => {
    const stream = Array.from({ length: 20 }, (_, tick) => inOrder(`${tick}.0`, four(9))).flat();
    const { state } = foldAll([...start(), ...stream]);
    expect(state.pools.get('executor/0')?.queue).toHaveLength(32);
    expect(state.pools.get('executor/0')?.refused).toBe(48 * 4);
    expect(state.pools.get('verifier/0')?.right).toHaveLength(80);
  });
});

describe('the control arm with shuffled rewards', () => {
  const stream = [
    ...start(),
    ...Array.from({ length: 12 }, (_, tick) =>
      inOrder(`${tick}.0`, [mixed(1), mixed(2), { ...mixed(3), predictions: [[1, 0, 0, 1]] }, mixed(1)]),
    ).flat(),
  ];
  const honest = foldAll(stream);
  const control = foldAll(stream, rulesOf(recordWith({ rewardControl: 'shuffled' })));
  const ofAgent = (outcome: Outcome, agent: string) => outcome.batches.filter((batch) => batch.agent === agent);

  it.each(['executor/0', 'proposer/0', 'world-model/0'])('%s: the same rewards in another order within each group', (agent) => {
    const [true_, permuted] = [ofAgent(honest, agent), ofAgent(control, agent)];
    expect(permuted.length).toBe(true_.length);
    expect(permuted.map(({ meanReward }) => meanReward)).toEqual(true_.map(({ meanReward }) => meanReward));
    const sorted = (batches: BatchInput[]) =>
      batches.flatMap((batch) =>
        (batch.groups ?? []).map((group) => [...advantagesOf({ groups: [group] })].sort((a, b) => a - b).map((x) => x.toFixed(6))),
      );
    expect(permuted.map(advantagesOf)).not.toEqual(true_.map(advantagesOf));
    if (agent !== 'proposer/0') expect(sorted(permuted)).toEqual(sorted(true_));
  });

  it('verifier: as many right labels as before, of other judgements', () => {
    const raised = (outcome: Outcome) =>
      ofAgent(outcome, 'verifier/0').map((batch) =>
        (batch.groups ?? []).map((group) => Math.sign(Number(group.samples?.[0]?.advantages?.[0]))),
      );
    expect(raised(control)).not.toEqual(raised(honest));
    for (const signs of raised(control)) expect(signs.reduce((sum, sign) => sum + sign, 0)).toBe(0);
    expect(control.settlements[0]?.totals?.find(({ agent }) => agent === 'verifier/0')?.advantages).toEqual([]);
  });

  it('settlements keep the true totals', () => {
    const totals = (outcome: Outcome) => outcome.settlements.map((one) => one.totals?.map(({ agent, totals }) => [agent, totals]));
    expect(totals(control)).toEqual(totals(honest));
  });
});

describe('roles that do not train', () => {
  it('get no batch and keep nothing', () => {
    const { recipe } = recordWith();
    const roles = {
      ...recipe.roles,
      verifier: { ...recipe.roles.verifier, trains: false },
      proposer: { ...recipe.roles.proposer, trains: false },
    };
    const outcome = foldAll([...start(), ...inOrder('1.0', [mixed(1), mixed(2), mixed(3), mixed(1)])], rulesOf(recordWith({ roles })));
    expect(outcome.batches.map(({ agent }) => agent)).toEqual(['executor/0']);
    expect([...outcome.state.pools.keys()].sort()).toEqual(['executor/0', 'world-model/0']);
    expect(outcome.settlements[0]?.totals?.map(({ agent }) => agent)).toEqual(['executor/0', 'proposer/0', 'verifier/0']);
  });
});
