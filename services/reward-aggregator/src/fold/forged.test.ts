import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { InteractionReward, Message, Rewards } from '@redqueen/contract';
import { rewardId, rewardTellers, type RewardKeys } from '@redqueen/core';
import { publicKeyText, signBundle } from '@redqueen/runtime';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../rules.ts';
import { standardTerms } from '../terms/registry.ts';
import {
  bundle,
  foldAll,
  inOrder,
  messageFrom,
  recordWith,
  rewardsTold,
  run,
  start,
  withoutDropped,
  type Plan,
  type Told,
} from '../test-support.ts';

const plan: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3] };
const stream = [...start(), ...inOrder('1.0', [plan])];
const honest = foldAll(stream);
const outcome: Told = { agent: 'executor/0', turn: 0, term: 'outcome', value: 1 };

/** A message with one reward that is changed after its id was made, and given a fresh id where `fresh` says so. */
function forge(
  teller: string,
  told: Told,
  change: (reward: InteractionReward, body: Rewards) => void,
  fresh = true,
  episode = '1.0.0',
): Message {
  const message = messageFrom(teller, bundle(teller, episode, [told]), `forged-${teller}`);
  const body = message.body as Rewards;
  const reward = body.rewards[0] as InteractionReward;
  change(reward, body);
  const { agent, role, turn, term } = reward;
  if (fresh) reward.rewardId = rewardId({ run, episode: body.episodeId, agent, role, turn, term, epoch: body.epoch });
  return message;
}

const forgeries: readonly (readonly [string, Message, string])[] = [
  ['the executor pays itself', forge('executor/0', outcome, () => {}), 'not-entitled'],
  [
    'the proposer calls its own task learnable',
    forge('proposer/0', { agent: 'proposer/0', turn: 0, term: 'learnability', value: 1 }, () => {}),
    'not-entitled',
  ],
  [
    'the verifier vouches for a proposal',
    forge('verifier/0', { agent: 'proposer/0', turn: 0, term: 'validity', value: 1 }, () => {}),
    'not-entitled',
  ],
  ['the world model grades an attempt', forge('world-model/0', outcome, () => {}), 'not-entitled'],
  ['the executor speaks in the verifier’s name', forge('executor/0', outcome, (_, body) => (body.teller = 'verifier/0')), 'wrong-sender'],
  ['a second verifier that no recipe knows', forge('verifier/9', outcome, () => {}), 'unknown-teller'],
  ['the gateway pays', forge('gateway/0', outcome, () => {}), 'unknown-teller'],
  ['an id of another turn', forge('verifier/0', outcome, (reward) => (reward.turn = 1), false), 'wrong-id'],
  ['an id of another episode', forge('verifier/0', outcome, (_, body) => (body.episodeId = '1.0.0'), false, '1.0.1'), 'wrong-id'],
  [
    'an id of another run',
    forge(
      'verifier/0',
      outcome,
      (reward) =>
        (reward.rewardId = rewardId({
          run: 'other',
          episode: '1.0.0',
          agent: 'executor/0',
          role: 'executor',
          turn: 0,
          term: 'outcome',
          epoch: 0,
        })),
      false,
    ),
    'wrong-id',
  ],
  ['no id at all', forge('verifier/0', outcome, (reward) => (reward.rewardId = ''), false), 'wrong-id'],
  ['a term that nobody knows', forge('verifier/0', { ...outcome, term: 'charm' }, () => {}), 'unknown-term'],
  ['a term that follows from the facts', forge('verifier/0', { ...outcome, term: 'verifier-score' }, () => {}), 'untold-term'],
  ['a role that is not the agent’s', forge('verifier/0', outcome, (reward) => (reward.role = 'proposer')), 'wrong-role'],
  ['an agent of another role', forge('verifier/0', outcome, (reward) => (reward.agent = 'proposer/0')), 'wrong-agent'],
  ['an agent that is not of the run', forge('verifier/0', outcome, (reward) => (reward.agent = 'executor/1')), 'wrong-agent'],
  ['not a number', forge('verifier/0', outcome, (reward) => (reward.value = Number.NaN)), 'not-finite'],
  ['infinity', forge('verifier/0', outcome, (reward) => (reward.value = Number.POSITIVE_INFINITY)), 'not-finite'],
  ['more than a term can be', forge('verifier/0', outcome, (reward) => (reward.value = 1.01)), 'out-of-range'],
  ['less than a term can be', forge('verifier/0', outcome, (reward) => (reward.value = -1)), 'out-of-range'],
  ['an epoch that never was', forge('verifier/0', outcome, (_, body) => (body.epoch = 1)), 'wrong-epoch'],
  ['an episode that never was', forge('verifier/0', outcome, () => {}, true, '9.9.9'), 'unknown-episode'],
  ['an attempt that never was', forge('verifier/0', { ...outcome, turn: 7 }, () => {}), 'unjoined'],
  ['a turn beyond all bounds', forge('verifier/0', { ...outcome, turn: 70_000 }, () => {}), 'bad-turn'],
  ['an attempt that was not judged', forge('verifier/0', { agent: 'verifier/0', turn: 3, term: 'brier', value: 1 }, () => {}), 'unjoined'],
  [
    'a prediction in a task’s episode',
    forge('world-model/0', { agent: 'world-model/0', turn: 0, term: 'field-accuracy', value: 1 }, () => {}),
    'unjoined',
  ],
];

describe('a forged reward never counts', () => {
  it.each(forgeries)('%s', (_, forged, reason) => {
    // Before everything that it could join to, and right before the last message that completes the episode.
    for (const place of [start().length + 1, stream.length - 1]) {
      const { settlements, state } = foldAll([...stream.slice(0, place), forged, ...stream.slice(place)]);
      expect(settlements.map(withoutDropped)).toEqual(honest.settlements.map(withoutDropped));
      expect(state.refusals).toEqual(new Map([[reason, 1]]));
      expect(state.rewards).toMatchObject({ counted: honest.state.rewards.counted, refused: 1 });
    }
  });

  it('all of them at once', () => {
    const forged = forgeries.map(([, message]) => message);
    const { settlements, state, refusals } = foldAll([...stream.slice(0, -1), ...forged, ...stream.slice(-1)]);
    expect(settlements[0]?.totals).toEqual(honest.settlements[0]?.totals);
    expect(state.rewards.refused).toBe(rewardsTold(forged));
    expect(refusals).toHaveLength(forgeries.length);
  });
});

it('rewards that join to nothing never stand in for those that are missing', () => {
  const told = [7, 8, 9].map((turn) => ({ ...outcome, turn }));
  const forged = messageFrom('verifier/0', bundle('verifier/0', '1.0.0', told), 'forged');
  const missing = stream.filter(({ id }) => id !== '1.0.0-proposer-rewards');
  const { settlements, state } = foldAll([...missing.slice(0, 6), forged, ...missing.slice(6)]);
  expect(settlements).toEqual([]);
  expect(state.rewards.counted).toBe(0);
});

describe('a reward that contradicts what is known', () => {
  it.each([
    ['learnability', 'verifier/0', '1.0.0-verifier-rewards'],
    ['brier', 'verifier/0', '1.0.0-verifier-rewards'],
    ['validity', 'proposer/0', '1.0.0-proposer-rewards'],
  ])('%s: refused, and the episode is void', (term, _teller, id) => {
    const wrong = [...start(), ...inOrder('1.0', [plan])].map((message) => {
      if (message.id === id) for (const reward of (message.body as Rewards).rewards) if (reward.term === term) reward.value = 0.5;
      return message;
    });
    const { settlements, state } = foldAll(wrong);
    expect(settlements[0]?.status).toBe('SETTLEMENT_STATUS_VOID');
    expect(settlements[0]?.reason).toMatch(new RegExp(`^reward ${term} of .* contradicts its formula$`));
    expect(state.rewards.counted).toBe(0);
    expect(state.rewards.refused + state.rewards.voided).toBe(rewardsTold(wrong));
  });

  it('another value for the same reward: the first one stands', () => {
    const second = messageFrom('verifier/0', bundle('verifier/0', '1.0.0', [{ ...outcome, value: 0 }]), 'second');
    const first = messageFrom('verifier/0', bundle('verifier/0', '1.0.0', [outcome]), 'first');
    const place = start().length + 1;
    const { settlements, state } = foldAll([...stream.slice(0, place), first, second, ...stream.slice(place)]);
    expect(settlements[0]?.totals).toEqual(honest.settlements[0]?.totals);
    expect(state.refusals).toEqual(new Map([['other-value', 1]]));
    expect(state.rewards.duplicates).toBe(1);
  });
});

describe('a run with keys', () => {
  const keys = rewardTellers.map((teller) => [teller, generateKeyPairSync('ed25519').privateKey] as const);
  const rewardKeys = Object.fromEntries(keys.map(([teller, key]) => [teller, publicKeyText(key)])) as RewardKeys;
  const rules = rulesOf({ ...recordWith(), rewardKeys });
  const keyOf = new Map<string, KeyObject>(keys);
  const signed = (message: Message): Message =>
    message.kind === 'rewards'
      ? {
          ...message,
          body: {
            ...message.body,
            signature: signBundle(run, message.body, keyOf.get(message.from.role) as KeyObject).signature,
          } as Rewards,
        }
      : message;
  const signedStream = stream.map(signed);

  it('settles what its tellers signed as one without keys settles it unsigned', () => {
    const { settlements, state } = foldAll(signedStream, rules);
    expect(settlements).toEqual(honest.settlements);
    expect(state).toEqual(honest.state);
  });

  it('a run whose record names no keys takes bundles whatever their signature is', () => {
    expect(foldAll(signedStream).settlements).toEqual(honest.settlements);
  });

  it('refuses every bundle that nobody signed, and settles nothing by it', () => {
    const { settlements, state, refusals } = foldAll(stream, rules);
    expect(settlements).toEqual([]);
    expect(state.refusals).toEqual(new Map([['unsigned', rewardsTold(stream)]]));
    expect(refusals.map(({ rewards }) => rewards)).toEqual([2, 7]);
  });

  it('no forged bundle opens an episode, is news of one, or takes the room of the honest ones', () => {
    const more = { ...outcome, term: 'outcome' };
    const full = messageFrom(
      'verifier/0',
      bundle(
        'verifier/0',
        '1.0.0',
        Array.from({ length: 5000 }, (_, turn) => ({ ...more, turn })),
      ),
      'full',
    );
    const empty = messageFrom('verifier/0', bundle('verifier/0', '1.0.0', []), 'empty');
    const elsewhere = messageFrom(
      'proposer/0',
      bundle('proposer/0', '1.0.0/r', [{ agent: 'proposer/0', turn: 0, term: 'validity', value: 0 }]),
      'r',
    );
    const opened = foldAll(signedStream.slice(0, start().length + 1), rules).state;
    const [known, news] = [[...opened.episodes.keys()], opened.episodes.get('1.0.0')?.news];
    const after = foldAll([full, empty, elsewhere], rules, opened);
    expect([...after.state.episodes.keys()]).toEqual(known);
    expect(after.state.episodes.get('1.0.0')).toMatchObject({ news, rewards: new Map() });
    expect(after.refusals.map(({ reason, rewards }) => [reason, rewards])).toEqual([
      ['unsigned', 5000],
      ['unsigned', 0],
      ['unsigned', 1],
    ]);
    const rest = foldAll(signedStream.slice(start().length + 1), rules, after.state);
    expect(rest.settlements).toEqual(honest.settlements);
  });

  it('refuses what names another run on its stream', () => {
    const bundleOfAnother = signedStream.filter(({ kind }) => kind === 'rewards').map((message) => ({ ...message, run: 'another' }));
    const { state, settlements } = foldAll([...signedStream.slice(0, -1), ...bundleOfAnother, ...signedStream.slice(-1)], rules);
    expect(settlements).toEqual(honest.settlements);
    expect(state.refusals).toEqual(new Map([['wrong-run', rewardsTold(bundleOfAnother)]]));
  });

  it('knows the key of every teller that a term has', () => {
    const tellers = new Set([...standardTerms.values()].flatMap(({ teller }) => teller ?? []));
    expect([...tellers].sort()).toEqual([...rewardTellers].sort());
  });
});
