import type { Message } from '@redqueen/contract';
import { describe, expect, it } from 'vitest';
import { bundle, foldAll, inOrder, messageFrom, rewardsTold, rewardsWaiting, start, withoutDropped, type Plan } from '../test-support.ts';
import { settlementDigest } from './digest.ts';

const valid: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3], repetition: 0.5 };
const expired = (episodeId: string) => messageFrom('reward-aggregator/0', { kind: 'expired', body: { episodeId } }, `expired-${episodeId}`);
const without = (stream: ReturnType<typeof inOrder>, id: string) => stream.filter((message) => message.id !== id);

describe('a settled episode', () => {
  it('has the totals and advantages that its rewards say', () => {
    const { settlements } = foldAll([...start(), ...inOrder('1.0', [valid])]);
    expect(settlements).toHaveLength(1);
    const [settlement] = settlements;
    expect(settlement).toMatchObject({
      episodeId: '1.0.0',
      slotId: '1.0',
      status: 'SETTLEMENT_STATUS_SETTLED',
      attempts: 4,
      solved: 2,
      index: 1,
      previousDigest: '',
    });
    expect(settlement?.spec).toMatchObject({ canonical: '10+0', origin: 'proposer' });
    const one = 0.5 / (0.5 + 1e-4);
    expect(settlement?.totals).toEqual([
      { agent: 'executor/0', turns: [0, 1, 2, 3], totals: [1, 0, 0, 1], advantages: [one, -one, -one, one] },
      { agent: 'proposer/0', turns: [0], totals: [0.3 + 0.7 - 0.5 * 0.5], advantages: [] },
      {
        agent: 'verifier/0',
        turns: [0, 1],
        totals: [1 - 0.2 ** 2, 1 - 0.3 ** 2].map((x) => expect.closeTo(x, 12)),
        advantages: [8 * 0.2 * 0.8 * 0.2, 8 * 0.3 * 0.7 * 0.3].map((x) => expect.closeTo(x, 6)),
      },
    ]);
  });

  it('carries a digest that anybody can recompute from it, chained to the one before', () => {
    const { settlements, state } = foldAll([...start(), ...inOrder('1.0', [valid, valid]), ...inOrder('1.1', [valid])]);
    expect(settlements).toHaveLength(3);
    for (const [place, settlement] of settlements.entries()) {
      expect(settlement.index).toBe(place + 1);
      expect(settlement.previousDigest).toBe(settlements[place - 1]?.digest ?? '');
      expect(settlementDigest(settlement)).toBe(settlement.digest);
    }
    expect(state.chain.digest).toBe(settlements[2]?.digest);
  });

  it('has a digest that every part of it changes', () => {
    const [settlement] = foldAll([...start(), ...inOrder('1.0', [valid])]).settlements;
    if (!settlement) throw new Error('nothing was settled');
    const [first, ...others] = settlement.totals ?? [];
    const changed = [
      { ...settlement, index: 2 },
      { ...settlement, previousDigest: 'x' },
      { ...settlement, episodeId: '1.0.1' },
      { ...settlement, status: 'SETTLEMENT_STATUS_VOID' as const },
      { ...settlement, solved: 1 },
      { ...settlement, totals: [{ ...first, totals: [1, 0, 0, 1 + 1e-15] }, ...others] },
      { ...settlement, totals: [{ ...first, advantages: [] }, ...others] },
      { ...settlement, spec: { ...settlement.spec, level: 2 } },
    ];
    expect(new Set([settlement, ...changed].map(settlementDigest)).size).toBe(changed.length + 1);
    expect(settlementDigest({ ...settlement, duplicates: 5 })).toBe(settlement.digest);
  });

  it('is that of a rejected proposal: nothing but its validity, which earns nothing', () => {
    const { settlements } = foldAll([...start(), ...inOrder('1.0', [{ ...valid, proposal: 'malformed' }])]);
    expect(settlements.map(({ episodeId }) => episodeId)).toEqual(['1.0.0/r', '1.0.0']);
    expect(settlements[0]?.totals).toEqual([{ agent: 'proposer/0', turns: [0], totals: [0], advantages: [] }]);
    expect(settlements[1]?.totals?.map(({ agent }) => agent)).toEqual(['executor/0', 'verifier/0']);
    expect(settlements[1]?.spec?.origin).toBe('generator');
  });

  it('is that of predictions, one comparison group a transition', () => {
    const { settlements } = foldAll([
      ...start(),
      ...inOrder('1.0', [
        {
          ...valid,
          predictions: [
            [1, 0],
            [0.5, 0.5],
          ],
        },
      ]),
    ]);
    const prediction = settlements.find(({ episodeId }) => episodeId === '1.0.0/w');
    const one = 0.5 / (0.5 + 1e-4);
    expect(prediction?.slotId).toBe('');
    expect(prediction?.totals).toEqual([
      { agent: 'world-model/0', turns: [0, 1, 2, 3], totals: [1, 0, 0.5, 0.5], advantages: [one, -one, 0, 0] },
    ]);
  });
});

describe('a void episode', () => {
  it('goes on when a few attempts are void, without them', () => {
    const { settlements, state } = foldAll([...start(), ...inOrder('1.0', [{ ...valid, outcomes: [1, 'void', 0, 0, 1] }])]);
    expect(settlements[0]).toMatchObject({ status: 'SETTLEMENT_STATUS_SETTLED', attempts: 4, solved: 2 });
    expect(settlements[0]?.totals?.[0]?.turns).toEqual([0, 2, 3, 4]);
    expect(state.rewards.refused).toBe(0);
  });

  it('has fewer than four valid attempts, and gives nothing a zero', () => {
    const { settlements, state } = foldAll([...start(), ...inOrder('1.0', [{ ...valid, outcomes: [1, 'void', 0, 'void', 1] }])]);
    expect(settlements).toHaveLength(1);
    expect(settlements[0]).toMatchObject({
      status: 'SETTLEMENT_STATUS_VOID',
      reason: 'only 3 of 5 attempts are valid',
      totals: [],
      attempts: 0,
    });
    expect(state).toMatchObject({ settled: 0, voided: 1 });
    expect(state.rewards).toMatchObject({ counted: 0, voided: 2, late: 6 });
    expect([...state.pools.values()].flatMap((pool) => pool.queue)).toEqual([]);
  });

  it('is a held-out proposal, which is compared with nothing', () => {
    const plans: Plan[] = [{ ...valid, proposal: 'held-out' }, valid, valid, valid, valid];
    const { settlements, batches } = foldAll([...start(), ...inOrder('1.0', plans)]);
    expect(settlements[0]).toMatchObject({ episodeId: '1.0.0/r', status: 'SETTLEMENT_STATUS_VOID', reason: 'held-out' });
    expect(batches.find(({ agent }) => agent === 'proposer/0')?.episodes).toBe(4);
  });

  it('misses a reward when its time is up, and says which', () => {
    const stream = [...start(), ...inOrder('1.0', [valid])];
    const missing = without(stream, '1.0.0-verifier-rewards');
    expect(foldAll(missing).settlements).toEqual([]);
    const { settlements, state } = foldAll([...missing, expired('1.0.0')]);
    expect(settlements[0]).toMatchObject({
      status: 'SETTLEMENT_STATUS_VOID',
      reason: 'expired: reward outcome of executor/0 turn 0 never came',
    });
    expect(state.rewards).toMatchObject({ counted: 0, voided: 2 });
    expect(state.episodes.size).toBe(0);
  });

  it.each([
    ['1.0.0-task', 'the task'],
    ['1.0.0-attempts', 'the attempts'],
    ['1.0.0-verdicts', 'the verdicts'],
    ['1.0.0-proposer-rewards', 'reward validity of proposer/0 turn 0'],
  ])('misses %s', (id, what) => {
    const { settlements } = foldAll([...start(), ...without(inOrder('1.0', [valid]), id), expired('1.0.0')]);
    expect(settlements).toHaveLength(1);
    expect(settlements[0]?.reason).toBe(`expired: ${what} never came`);
  });

  it('was asked for by a slot that nobody answered', () => {
    const [open] = inOrder('1.0', [valid, valid]);
    const { settlements, state } = foldAll([...start(), ...(open ? [open] : []), expired('1.0.0'), expired('1.0.1')]);
    expect(settlements.map(({ status }) => status)).toEqual(['SETTLEMENT_STATUS_VOID', 'SETTLEMENT_STATUS_VOID']);
    expect(state.slots.size).toBe(0);
  });

  it('takes late rewards as late', () => {
    const stream = [...start(), ...inOrder('1.0', [valid])];
    const last = stream.filter(({ id }) => id === '1.0.0-verifier-rewards');
    const { state } = foldAll([...without(stream, '1.0.0-verifier-rewards'), expired('1.0.0'), ...last]);
    expect(state.rewards).toEqual({ counted: 0, duplicates: 0, late: 7, refused: 0, voided: 2 });
  });

  it('is one whose tokens and log-probs do not pair', () => {
    const stream = [...start(), ...inOrder('1.0', [valid])].map((message) => {
      if (message.kind === 'attempts') message.body.group?.samples[1]?.logProbs.pop();
      return message;
    });
    expect(foldAll(stream).settlements[0]?.reason).toBe('the attempts cannot be read: sample 1 has 3 tokens and 2 log-probs');
  });
});

describe('exactly once', () => {
  it('whatever comes twice is counted once', () => {
    const stream = inOrder('1.0', [
      { ...valid, predictions: [[1, 0]] },
      { ...valid, proposal: 'malformed' },
    ]);
    const once = foldAll([...start(), ...stream]);
    const twice = foldAll([...start(), ...stream.flatMap((message) => [message, message]), ...stream]);
    expect(twice.settlements.map(withoutDropped)).toEqual(once.settlements.map(withoutDropped));
    expect(twice.batches).toEqual(once.batches);
    expect(twice.state.rewards.counted).toBe(once.state.rewards.counted);
    expect(twice.state.rewards.duplicates).toBe(2 * rewardsTold(stream));
  });

  it('an episode of long ago is not opened again', () => {
    const streams = Array.from({ length: 700 }, (_, tick) => inOrder(`${tick}.0`, [valid, { ...valid, proposal: 'malformed' }]));
    const { state } = foldAll([...start(), ...streams.flat()]);
    expect(state.closed.size).toBe(2048);
    const before = state.chain.digest;
    const again = foldAll(streams[0] ?? [], undefined, state);
    expect(again.settlements).toEqual([]);
    expect(again.state.chain.digest).toBe(before);
    expect(again.state.episodes.size).toBe(0);
    expect(again.state.slots.size).toBe(0);
  });

  it('every reward told is counted, dropped with a reason, or waits', () => {
    const plans: Plan[] = [
      valid,
      { ...valid, proposal: 'malformed' },
      { ...valid, outcomes: [1, 'void', 'void', 0] },
      { ...valid, proposal: 'held-out' },
    ];
    const stream = [...start(), ...inOrder('1.0', plans), ...inOrder('1.1', plans).slice(0, 7), ...inOrder('1.0', plans), expired('1.1.1')];
    const { state } = foldAll(stream);
    const { counted, duplicates, late, refused, voided } = state.rewards;
    expect(counted + duplicates + late + refused + voided + rewardsWaiting(state)).toBe(rewardsTold(stream));
    expect(Math.min(counted, duplicates, late, voided)).toBeGreaterThan(0);
  });
});

describe('who may tell what', () => {
  it.each([
    ['slot', 'proposer/0', '1.0-slot'],
    ['task', 'executor/0', '1.0.0-task'],
    ['attempts', 'verifier/0', '1.0.0-attempts'],
    ['verdicts', 'executor/0', '1.0.0-verdicts'],
  ])('a %s of %s is none', (_, sender, id) => {
    const [role = '', key = ''] = sender.split('/');
    const stream = [...start(), ...inOrder('1.0', [valid])].map((message) =>
      message.id === id ? { ...message, from: { role, key } } : message,
    );
    expect(foldAll(stream).settlements).toEqual([]);
  });

  it('a task that no slot asked for is none', () => {
    const [, ...unasked] = inOrder('1.0', [valid]);
    const { state, settlements } = foldAll([...start(), ...unasked]);
    expect(settlements).toEqual([]);
    expect(state.episodes.size).toBe(0);
    expect(state.refusals).toEqual(new Map([['unknown-episode', 9]]));
  });

  it('a submitted task is settled and never trained on', () => {
    const submitted = inOrder('1.0', [{ ...valid, proposal: 'malformed' }]).flatMap((message): Message[] => {
      if (message.kind === 'task' && message.body.spec) {
        const body = { ...message.body, taskId: 'user-1', slotId: '', spec: { ...message.body.spec, origin: 'user' } };
        return [{ ...message, from: { role: 'gateway', key: '0' }, body }];
      }
      if (message.kind === 'attempts' || message.kind === 'verdicts')
        return [{ ...message, body: { ...message.body, taskId: 'user-1' } } as Message];
      return [];
    });
    const told = [1, 0, 0, 1].map((value, turn) => ({ agent: 'executor/0', turn, term: 'outcome', value }));
    told.push({ agent: 'verifier/0', turn: 0, term: 'brier', value: 0.96 }, { agent: 'verifier/0', turn: 1, term: 'brier', value: 0.91 });
    const rewards = messageFrom('verifier/0', bundle('verifier/0', 'user-1', told), 'user-1-rewards');
    const { state, settlements } = foldAll([...start(), ...submitted, rewards]);
    expect(settlements[0]).toMatchObject({ episodeId: 'user-1', slotId: '', status: 'SETTLEMENT_STATUS_SETTLED', solved: 2 });
    expect([...state.pools.values()].flatMap((pool) => [...pool.queue, ...pool.right, ...pool.wrong])).toEqual([]);
  });

  it('a message of another run changes nothing', () => {
    const stream = [...start(), ...inOrder('1.0', [valid])].map((message) => ({ ...message, run: 'another' }));
    const { state, tells } = foldAll(stream);
    expect(tells).toEqual([]);
    expect(state.folded).toBe(stream.length);
    expect(state.episodes.size).toBe(0);
  });
});
