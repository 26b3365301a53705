import type { Message, PeerActInput, ToldInput } from '@redqueen/contract';
import { deviation, interactionReward, mean, peerTurnNumber, randomOf, shuffled } from '@redqueen/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../rules.ts';
import { advantagesOf, bundle, foldAll, messageFrom, recordWith, released, withoutDropped, type Told } from '../test-support.ts';
import { decodeState, encodeState } from './snapshot.ts';

const peers = ['executor/0', 'executor/1', 'executor/2'];
const { roles } = recordWith().recipe;
const executor = {
  ...roles.executor,
  agents: peers.length,
  batch: 2,
  rewards: [{ use: 'interaction', weight: 1 }],
  credit: { use: 'batch-normalised' },
};
const off = (role: object) => ({ ...role, trains: false });
const record = (patch: object = {}) =>
  recordWith({
    groundTruth: 'none',
    driver: { use: 'discussion' },
    verifiers: [{ use: 'peer' }],
    roles: { executor, proposer: off(roles.proposer), verifier: off(roles.verifier), 'world-model': off(roles['world-model']) },
    ...patch,
  });
const rules = rulesOf(record());
const opened = peers.map((agent) => released(agent, 0));

/** Solutions of one author; by solution who evaluates and who scores it, and the score, which may be unreadable. */
interface Plot {
  readonly author: number;
  readonly solutions: readonly { readonly evaluator: number; readonly scorer: number; readonly score: number | undefined }[];
}

function groupOf(agent: string, texts: readonly string[]) {
  const samples = texts.map((text) => {
    const tokens = [...Buffer.from(text)];
    return { tokens, text, logProbs: tokens.map(() => -0.5), failure: 'FAILURE_CLASS_OK' as const };
  });
  return { prompt: '12+3=', promptTokens: [256, 49], policy: { agent, version: 0, adapterHash: '' }, samples };
}

function actsOf({ solutions }: Plot): PeerActInput[] {
  return solutions.flatMap(({ evaluator, scorer, score }, attempt) => {
    const [first, second] = [peers[evaluator] ?? '', peers[scorer] ?? ''];
    return [
      { agent: first, kind: 'PEER_ACT_KIND_EVALUATION', attempt, group: groupOf(first, [`e${attempt}`]) },
      { agent: second, kind: 'PEER_ACT_KIND_SCORING', attempt, group: groupOf(second, [`s${attempt}`]), ...(score && { score }) },
    ];
  });
}

function rewardsTold({ author, solutions }: Plot): Told[] {
  const count = solutions.length;
  return solutions.flatMap(({ evaluator, scorer, score }, attempt) => {
    const turn = (agent: number, kind: 'solution' | 'evaluation' | 'scoring'): Told => {
      return {
        agent: peers[agent] ?? '',
        turn: peerTurnNumber(kind, attempt, count),
        term: 'interaction',
        value: interactionReward(kind, score),
      };
    };
    const outcome = { agent: peers[author] ?? '', turn: attempt, term: 'outcome', value: Number(score === 3) };
    return [outcome, turn(author, 'solution'), turn(evaluator, 'evaluation'), turn(scorer, 'scoring')];
  });
}

/** One episode, from its slot to its rewards; `acts` and `told` replace what follows from the plot. */
function episode(slot: string, plot: Plot, change: { acts?: PeerActInput[]; told?: Told[] } = {}): Message[] {
  const id = `${slot}.0`;
  const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical: '12+3', origin: 'generator' };
  const ordered = {
    slotId: slot,
    environment: 'arithmetic',
    family: 'add',
    level: 1,
    seed: 1,
    proposals: 1,
    attempts: 2,
    source: 'generator',
  };
  const group = groupOf(
    peers[plot.author] ?? '',
    plot.solutions.map((_, index) => `1${index}\n`),
  );
  const attempts: ToldInput = { kind: 'attempts', body: { taskId: id, slotId: slot, spec, group, acts: change.acts ?? actsOf(plot) } };
  return [
    messageFrom('curriculum/0', { kind: 'slot', body: ordered }, `${slot}-slot`),
    messageFrom('proposer/0', { kind: 'task', body: { taskId: id, slotId: slot, index: 0, spec, attempts: 2, seed: 1 } }, `${id}-task`),
    messageFrom('executor/0', attempts, `${id}-attempts`),
    messageFrom('verifier/0', { kind: 'verdicts', body: { taskId: id, verdicts: [] } }, `${id}-verdicts`),
    messageFrom('verifier/0', bundle('verifier/0', id, change.told ?? rewardsTold(plot)), `${id}-rewards`),
  ];
}

const plot: Plot = {
  author: 0,
  solutions: [
    { evaluator: 1, scorer: 2, score: 3 },
    { evaluator: 2, scorer: 1, score: 1 },
    { evaluator: 1, scorer: 2, score: undefined },
    { evaluator: 1, scorer: 2, score: 2 },
  ],
};
const speaker = fc.nat(peers.length - 1);
const score = fc.constantFrom(1, 2, 3, undefined);
const plots = fc.array(
  fc.record({
    author: speaker,
    solutions: fc.array(fc.record({ evaluator: speaker, scorer: speaker, score }), { minLength: 1, maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const streamOf = (all: readonly Plot[]) => [...opened, ...all.flatMap((one, tick) => episode(`${tick}.0`, one))];

describe('an episode with a discussion', () => {
  it('settles the turns of every peer that acted', () => {
    const [settlement] = foldAll([...opened, ...episode('1.0', plot)], rules).settlements;
    expect(settlement).toMatchObject({ status: 'SETTLEMENT_STATUS_SETTLED', attempts: 4, solved: 1 });
    expect(settlement?.totals).toEqual([
      { agent: 'executor/0', turns: [0, 1, 2, 3], totals: [1, 0, 0, 0.5], advantages: [] },
      { agent: 'executor/1', turns: [4, 6, 7, 9], totals: [0, 0, 0.5, 0], advantages: [] },
      { agent: 'executor/2', turns: [5, 8, 10, 11], totals: [1, 0, -1, 0], advantages: [] },
    ]);
  });

  it('makes each peer a batch of its own turns, normalised over them alone', () => {
    const { batches } = foldAll(streamOf([plot, { ...plot, author: 1 }]), rules);
    expect(batches.map(({ agent, episodes, number }) => [agent, episodes, number])).toEqual(peers.map((agent) => [agent, 2, 1]));
    const second = batches[2];
    const totals = [1, 0, -1, 0, 1, 0, -1, 0];
    const golden = totals.map((total) => (total - mean(totals)) / (deviation(totals) + 1e-4));
    const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
    // Two tokens an act: every token has its act's advantage; acts that stand at the mean carry none and are left out.
    expect(sorted(advantagesOf(second))).toEqual(
      sorted(golden.filter((one) => one !== 0).flatMap((one) => [one, one])).map((one) => expect.closeTo(one, 9)),
    );
    expect(second?.meanReward).toBeCloseTo(mean(totals), 12);
    expect(batches.every(({ settlementDigests }) => settlementDigests?.length === 2)).toBe(true);
  });

  it('counts the episode for a peer that took no turn in it', () => {
    const quiet: Plot = { author: 0, solutions: [{ evaluator: 1, scorer: 1, score: 3 }] };
    const { batches } = foldAll(streamOf([quiet, quiet]), rules);
    expect(batches.map(({ agent, episodes }) => [agent, episodes])).toEqual(peers.map((agent) => [agent, 2]));
    expect(batches[2]).toMatchObject({ groups: [], normaliser: 0, sampledTokens: 0 });
  });

  it('is void where the discussion cannot be read', () => {
    const [first, second, ...others] = actsOf(plot) as [PeerActInput, PeerActInput, ...PeerActInput[]];
    const cases: readonly [PeerActInput[], RegExp][] = [
      [[first, ...others], /nobody scored attempt 0/],
      [[first, first, second, ...others], /told twice/],
      [[{ ...first, agent: 'verifier/0' }, second, ...others], /verifier\/0 is no executor/],
      [[{ ...first, attempt: 9 }, second, ...others], /no valid attempt 9/],
      [[first, { ...second, score: 4 }, ...others], /scoring of attempt 0 cannot have the score 4/],
      [[{ ...first, score: 3 }, second, ...others], /evaluation of attempt 0 cannot have the score 3/],
      [[{ ...first, group: groupOf('executor/1', ['a', 'b']) }, second, ...others], /not one valid sample/],
    ];
    for (const [acts, reason] of cases) {
      const { settlements, batches } = foldAll([...opened, ...episode('1.0', plot, { acts })], rules);
      expect(settlements.map(({ status, reason: why }) => [status, why])).toEqual([
        ['SETTLEMENT_STATUS_VOID', expect.stringMatching(reason)],
      ]);
      expect(batches).toEqual([]);
    }
  });

  it('refuses a reward that the acts do not bear out, and waits for one that is missing', () => {
    const told = rewardsTold(plot);
    const lie = told.map((one) => (one.term === 'interaction' && one.turn === 10 ? { ...one, value: 0 } : one));
    const { settlements, refusals } = foldAll([...opened, ...episode('1.0', plot, { told: lie })], rules);
    expect(settlements[0]?.reason).toMatch(/interaction of executor\/2 turn 10 contradicts its formula/);
    expect(refusals).toHaveLength(1);
    const missing = told.filter(({ turn }) => turn !== 11);
    expect(foldAll([...opened, ...episode('1.0', plot, { told: missing })], rules).settlements).toEqual([]);
    // Another peer cannot earn somebody's turn.
    const stolen = told.map((one) => (one.turn === 11 ? { ...one, agent: 'executor/0' } : one));
    expect(foldAll([...opened, ...episode('1.0', plot, { told: stolen })], rules).settlements).toEqual([]);
  });

  it('leaves out an act whose weights nobody released', () => {
    const forged = actsOf(plot).map((act, index) =>
      index === 0 ? { ...act, group: { ...act.group, policy: { agent: act.agent ?? '', version: 0, adapterHash: 'other' } } } : act,
    );
    const { batches } = foldAll([...opened, ...episode('0.0', plot, { acts: forged }), ...episode('1.0', plot)], rules);
    expect(batches.map(({ refused }) => refused)).toEqual([0, 1, 0]);
  });
});

describe('whatever is said', () => {
  it('all peers make the same number of updates, zero-sum pairs add up, and a replay gives the same', () => {
    fc.assert(
      fc.property(plots, fc.nat(), (all, cut) => {
        const stream = streamOf(all);
        const straight = foldAll(stream, rules);
        expect(straight.settlements).toHaveLength(all.length);
        for (const agent of peers) expect(straight.batches.filter((one) => one.agent === agent)).toHaveLength(Math.floor(all.length / 2));
        for (const [place, { solutions }] of all.entries()) {
          const totals = straight.settlements[place]?.totals?.flatMap((one) => (one.totals ?? []).map(Number)) ?? [];
          const unreadable = solutions.filter((one) => one.score === undefined).length;
          expect(totals.reduce((sum, value) => sum + value, 0)).toBeCloseTo(solutions.length - 2 * unreadable, 12);
        }
        const half = cut % stream.length;
        const before = foldAll(stream.slice(0, half), rules);
        const after = foldAll(stream.slice(half), rules, decodeState(encodeState(before.state)));
        expect([...before.tells, ...after.tells]).toEqual(straight.tells);
      }),
      { numRuns: 60 },
    );
  });

  it('rewards and facts in any order, however often, give the same', () => {
    fc.assert(
      fc.property(plots, fc.nat(), (all, seed) => {
        const straight = foldAll(streamOf(all), rules);
        const mixed = all.flatMap((one, tick) => {
          const [slot, ...others] = episode(`${tick}.0`, one);
          const random = randomOf(seed, tick);
          return [slot as Message, ...shuffled(random, [...others, ...others])];
        });
        const again = foldAll([...opened, ...mixed], rules);
        const content = (outcome: typeof straight) => outcome.settlements.map((one) => withoutDropped(one));
        expect(content(again)).toEqual(content(straight));
        expect(again.batches).toEqual(straight.batches);
      }),
      { numRuns: 40 },
    );
  });

  it('permuted rewards keep a batch’s mean and are dealt across it', () => {
    const stream = streamOf([plot, { ...plot, author: 1 }]);
    const honest = foldAll(stream, rules).batches;
    const control = foldAll(stream, rulesOf(record({ rewardControl: 'shuffled' }))).batches;
    expect(control.map(({ meanReward }) => meanReward)).toEqual(honest.map(({ meanReward }) => meanReward));
    expect(control.map(advantagesOf)).not.toEqual(honest.map(advantagesOf));
  });
});
