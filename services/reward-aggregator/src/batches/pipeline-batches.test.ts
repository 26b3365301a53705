import { describe, expect, it } from 'vitest';
import { rulesOf, type Rules } from '../rules.ts';
import { foldAll, inOrder, recordWith, start, type Plan } from '../test-support.ts';

// Credit pipelines and staged rewards through the whole fold.

const { recipe } = recordWith();
const rulesWith = (executor: object, proposer: object = {}): Rules =>
  rulesOf(
    recordWith({
      roles: { ...recipe.roles, executor: { ...recipe.roles.executor, ...executor }, proposer: { ...recipe.roles.proposer, ...proposer } },
    }),
  );
const solved = (count: number): Plan => ({ proposal: 'valid', outcomes: [0, 1, 2, 3].map((index) => (index < count ? 1 : 0)) });
const streamOf = () => [...start(), ...inOrder('1.0', [solved(1), solved(0), solved(4), solved(3)])];
const stream = streamOf();
const batchOf = (rules?: Rules) => foldAll(stream, rules).batches.find(({ agent }) => agent === 'executor/0');
const normalised = { use: 'group-normalised', options: {} };
const stage = (use: string, options = {}) => ({ use, options });

describe('batches of a pipeline', () => {
  it('say how many groups were wasted', () => {
    expect(batchOf()).toMatchObject({ episodes: 4, wasted: 2 });
  });

  it('VSPO: wastes none, says so, and trains on copies with decayed advantages', () => {
    const batch = batchOf(rulesWith({ credit: [normalised, stage('value-resample'), stage('value-smoothing')] }));
    const plain = batchOf();
    expect(batch).toMatchObject({
      episodes: 4,
      wasted: 0,
      sampledTokens: plain?.sampledTokens,
      normaliser: 2 * Number(plain?.normaliser ?? 0),
    });
    expect(batch?.groups).toHaveLength(4);
    for (const one of plain?.groups ?? []) {
      const same = batch?.groups?.filter(({ episodeId }) => episodeId === one.episodeId) ?? [];
      const sizes = same.map(({ samples }) => Number(samples?.[0]?.advantages?.[0]) / Number(one.samples?.[0]?.advantages?.[0]));
      expect(sizes.sort((a, b) => b - a)).toEqual(sizes.map((_, copy) => expect.closeTo(1 / Math.sqrt(copy + 1), 12)));
    }
    expect(batchOf(rulesWith({ credit: [normalised, stage('value-resample'), stage('value-smoothing')] }))).toEqual(batch);
  });

  it('ADPO: scales by the share and says each group’s upper clip', () => {
    const batch = batchOf(rulesWith({ credit: [normalised, stage('adpo')] }));
    expect(batch?.groups?.map(({ clipHigh }) => clipHigh)).toEqual([0.3, 0.21].map((clip) => expect.closeTo(clip, 12)));
    const [first] = batch?.groups ?? [];
    const [same] = batchOf()?.groups ?? [];
    expect(Number(first?.samples?.[0]?.advantages?.[0]) / Number(same?.samples?.[0]?.advantages?.[0])).toBeCloseTo(0.6, 12);
    expect(batchOf()?.groups?.[0]?.clipHigh).toBeUndefined();
  });

  it('a stage of one group gives the settlement its advantages, a stage of the batch none', () => {
    const advantages = (credit: object[]) => foldAll(stream, rulesWith({ credit })).settlements[0]?.totals?.[0]?.advantages;
    expect(advantages([normalised, stage('adpo')])).toHaveLength(4);
    expect(advantages([normalised, stage('value-resample')])).toEqual([]);
  });
});

describe('staged rewards', () => {
  const totals = (rewards: object[], messages = stream) =>
    foldAll(messages, rulesWith({ rewards })).settlements[0]?.totals?.find(({ agent }) => agent === 'executor/0')?.totals;
  const unreadable = streamOf().map((message) => {
    const sample = message.kind === 'attempts' ? message.body.group?.samples[1] : undefined;
    if (sample) sample.failure = 'FAILURE_CLASS_MALFORMED';
    return message;
  });

  it('a term counts only after those that it names have passed', () => {
    const rewards = [
      { use: 'format', weight: 0.2, options: {}, gate: [] },
      { use: 'outcome', weight: 0.8, options: {}, gate: ['format'] },
    ];
    expect(totals(rewards, unreadable)).toEqual([1, 0, 0.2, 0.2]);
    expect(totals([{ use: 'staged', weight: 1, options: {}, gate: [] }], unreadable)).toEqual([1, 0, 0.2, 0.2]);
    expect(() => totals([{ use: 'outcome', weight: 1, options: {}, gate: ['format'] }])).toThrow(
      /roles.executor.rewards\[0\].gate: format is no earlier term of the role; list it before outcome/,
    );
  });

  it('the floor of an open gate holds, whatever is taken away', () => {
    const repeated: Plan = { ...solved(0), repetition: 1 };
    const earned = (floor: boolean) =>
      foldAll(
        [...start(), ...inOrder('1.0', [repeated])],
        rulesWith(
          {},
          {
            rewards: [
              { use: 'validity', weight: 0, options: { floor }, gate: [] },
              { use: 'uncertainty', weight: 1, options: {}, gate: [] },
              { use: 'repetition', weight: -1, options: {}, gate: [] },
            ],
          },
        ),
      ).settlements[0]?.totals?.find(({ agent }) => agent === 'proposer/0')?.totals;
    expect([earned(false), earned(true)]).toEqual([[-1], [0]]);
  });
});
