import type { Message, SettlementInput } from '@redqueen/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../rules.ts';
import {
  foldAll,
  inOrder,
  messageFrom,
  omit,
  recordWith,
  released,
  rewardsTold,
  rewardsWaiting,
  slotStory,
  start,
  withoutDropped,
  type Plan,
} from '../test-support.ts';
import { decodeState, encodeState } from './snapshot.ts';

const confidence = fc.double({ min: 0.05, max: 0.95, noNaN: true });
const plan: fc.Arbitrary<Plan> = fc.record(
  {
    proposal: fc.constantFrom('valid' as const, 'valid' as const, 'malformed' as const, 'held-out' as const),
    outcomes: fc.array(fc.constantFrom(0 as const, 1 as const, 0 as const, 1 as const, 'void' as const), { minLength: 4, maxLength: 6 }),
    confidences: fc.tuple(confidence, confidence),
    repetition: fc.constantFrom(0, 0.5, 1),
    predictions: fc.array(fc.array(fc.constantFrom(0, 0.5, 1), { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['proposal', 'outcomes'] },
);
const slots = fc.array(fc.array(plan, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });

/** The messages of every sender in the order in which it tells them, mixed as the numbers say. */
function interleaved(queues: readonly (readonly Message[])[], choices: readonly number[]): Message[] {
  const left = queues.map((queue) => [...queue]).filter((queue) => queue.length > 0);
  const mixed: Message[] = [];
  for (let step = 0; left.length > 0; step++) {
    const place = (choices[step % Math.max(1, choices.length)] ?? 0) % left.length;
    mixed.push(left[place]?.shift() as Message);
    if (left[place]?.length === 0) left.splice(place, 1);
  }
  return mixed;
}

/** A settlement without its place in the chain. */
function content(settlement: SettlementInput) {
  return omit(settlement, 'index', 'digest', 'previousDigest', 'duplicates');
}

const byEpisode = (settlements: readonly SettlementInput[]) => new Map(settlements.map((one) => [one.episodeId, content(one)]));
const streamOf = (plans: readonly (readonly Plan[])[]) => [...start(), ...plans.flatMap((one, tick) => inOrder(`${tick}.0`, one))];

describe('order and duplicates', () => {
  it('rewards in any order, and any number of times, give the same settlements', () => {
    fc.assert(
      fc.property(
        slots,
        fc.array(fc.nat(50), { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(200), { maxLength: 10 }),
        (plans, choices, again) => {
          const stories = plans.map((one, tick) => slotStory(`${tick}.0`, one));
          const opens = [...start(), ...stories.map(({ open }) => open)];
          const all = stories.flatMap(({ bySender }) => bySender.flat());
          const facts = all.filter(({ kind }) => kind !== 'rewards');
          const rewards = stories.flatMap(({ bySender }) => bySender.map((queue) => queue.filter(({ kind }) => kind === 'rewards')));
          const straight = foldAll([...opens, ...all]);
          const mixed = interleaved([facts, ...rewards], choices);
          for (const place of again) mixed.push(...mixed.slice(place % mixed.length, (place % mixed.length) + 2));
          const shuffled = foldAll([...opens, ...mixed]);
          expect(byEpisode(shuffled.settlements)).toEqual(byEpisode(straight.settlements));
          expect(shuffled.settlements.length).toBe(straight.settlements.length);
          expect(shuffled.state.rewards.refused).toBe(straight.state.rewards.refused);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('the order in which a batch’s episodes were settled does not change the batch', () => {
    const four: Plan[] = [1, 2, 3, 4].map((solved) => ({
      proposal: 'valid',
      outcomes: [0, 1, 2, 3, 4].map((i) => (i < solved ? 1 : 0)),
      confidences: [0.7, 0.4],
    }));
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        const { open, bySender } = slotStory('1.0', four);
        const facts = bySender.flat().filter(({ kind }) => kind !== 'rewards');
        const rewards = bySender.flat().filter(({ kind }) => kind === 'rewards');
        const sorted = order.flatMap((index) => rewards.filter(({ id }) => id.startsWith(`1.0.${index}`)));
        const straight = foldAll([...start(), open, ...facts, ...rewards]);
        const shuffled = foldAll([...start(), open, ...facts, ...sorted]);
        const executorAndProposer = (one: typeof straight) =>
          one.batches.filter(({ agent }) => agent !== 'verifier/0').map((batch) => omit(batch, 'settlementDigests'));
        expect(executorAndProposer(straight)).toHaveLength(2);
        expect(executorAndProposer(shuffled)).toEqual(executorAndProposer(straight));
      }),
      { numRuns: 24 },
    );
  });

  it('duplicates of anything change neither the chain nor the batches', () => {
    fc.assert(
      fc.property(slots, fc.array(fc.tuple(fc.nat(500), fc.nat(500)), { maxLength: 12 }), (plans, copies) => {
        const stream = streamOf(plans);
        const straight = foldAll(stream);
        const more = [...stream];
        for (const [from, later] of copies) {
          const original = more[from % more.length] as Message;
          if (original.kind === 'released') continue;
          more.splice(Math.min(more.length, (from % more.length) + 1 + later), 0, original);
        }
        const copied = foldAll(more);
        expect(copied.settlements.map(withoutDropped)).toEqual(straight.settlements.map(withoutDropped));
        expect(copied.batches).toEqual(straight.batches);
        expect(copied.state.chain.digest).toBe(straight.state.chain.digest);
      }),
      { numRuns: 60 },
    );
  });
});

describe('replay', () => {
  it('from any snapshot gives the same bits', () => {
    fc.assert(
      fc.property(slots, fc.array(fc.nat(1000), { minLength: 1, maxLength: 3 }), fc.boolean(), (plans, cuts, isShuffled) => {
        const rules = rulesOf(recordWith(isShuffled ? { rewardControl: 'shuffled' } : {}));
        const middle = [released('executor/0', 1), released('verifier/0', 1)];
        const stream = [...streamOf(plans.slice(0, 2)), ...middle, ...plans.slice(2).flatMap((one, tick) => inOrder(`${tick + 2}.0`, one))];
        const straight = foldAll(stream, rules);
        for (const cut of cuts.map((one) => one % stream.length)) {
          const before = foldAll(stream.slice(0, cut), rules);
          const after = foldAll(stream.slice(cut), rules, decodeState(encodeState(before.state)));
          expect([...before.tells, ...after.tells]).toEqual(straight.tells);
          expect(after.state).toEqual(straight.state);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('a snapshot of another shape, or none at all, is refused', () => {
    expect(() => decodeState(new Uint8Array([1, 2, 3]))).toThrow('cannot be read; delete it');
    expect(() => decodeState(encodeState(undefined as never))).toThrow('has shape 3, not 3');
  });
});

describe('conservation', () => {
  it('every reward is counted once, dropped with a reason, or still waits; nothing waits for ever', () => {
    fc.assert(
      fc.property(slots, fc.array(fc.nat(500), { maxLength: 6 }), (plans, lost) => {
        const whole = streamOf(plans);
        const gone = new Set(lost.map((one) => one % whole.length));
        const stream = whole.filter(({ kind }, place) => kind === 'released' || !gone.has(place));
        const { state } = foldAll(stream);
        const sum = (one: typeof state) => Object.values(one.rewards).reduce((total, count) => total + count, 0);
        expect(sum(state) + rewardsWaiting(state)).toBe(rewardsTold(stream));
        const late = [...state.episodes.keys()].map((episodeId) =>
          messageFrom('reward-aggregator/0', { kind: 'expired', body: { episodeId } }, `x-${episodeId}`),
        );
        const ended = foldAll(late, undefined, state).state;
        expect(ended.episodes.size).toBe(0);
        expect(ended.slots.size).toBe(0);
        expect(sum(ended)).toBe(rewardsTold(stream));
        expect([...ended.refusals.values()].reduce((total, count) => total + count, 0)).toBe(ended.rewards.refused);
      }),
      { numRuns: 60 },
    );
  });
});
