import type { KeyObject } from 'node:crypto';
import { addressOf, type InteractionReward, type Message, type Rewards } from '@redqueen/contract';
import { pick, randomOf, rewardId, rewardTellers, type Random, type RewardTeller } from '@redqueen/core';
import { signBundle } from '@redqueen/runtime';
import type { RefusalCode } from '../../../services/reward-aggregator/src/fold/refusals.ts';
import { bundleAt, bundlePlaces, keyFrom, withBody, type HonestRun } from './honest.ts';

/** A forged bundle, where it comes in, and the codes of which each of its rewards must get one. */
export interface Forgery {
  readonly way: string;
  readonly message: Message;
  /** It comes right after the honest message at this place. */
  readonly place: number;
  readonly codes: readonly RefusalCode[];
}

type Bundle = ReturnType<typeof bundleAt>;

/** What a forger has: a bundle that was really told, later or before, and chance. */
interface Bench {
  readonly honest: HonestRun;
  readonly random: Random;
  readonly id: string;
  /** Where a forgery that may come at any time comes in. */
  readonly place: number;
  readonly bundle: Bundle;
  readonly bundlePlace: number;
}

type Forge = (bench: Bench) => Omit<Forgery, 'way'>;

const stranger = keyFrom('stranger');

/** The rewards with the ids that belong to them in that episode, so that the id alone gives nothing away. */
function withIds(run: string, body: Rewards): Rewards {
  const rewards = body.rewards.map((reward) => ({
    ...reward,
    rewardId: rewardId({ run, episode: body.episodeId, ...reward, epoch: body.epoch }),
  }));
  return { ...body, rewards };
}

/** All that earns most, as a forger would like it. */
function greedy(body: Rewards): Rewards {
  return { ...body, rewards: body.rewards.map((reward) => ({ ...reward, value: 1 })) };
}

function keyOf({ honest }: Bench, teller: string): KeyObject {
  return honest.keys[teller.split('/')[0] as RewardTeller];
}

/** Sends a body as it is, from whoever sent the honest one. */
const sent = ({ bundle, id, place }: Bench, body: Rewards, ...codes: RefusalCode[]) => ({
  message: withBody(bundle, body, id),
  place,
  codes,
});

/** Signs a body with a key, for this run unless another one is named. */
function signedAs(bench: Bench, body: Rewards, key: KeyObject, codes: readonly RefusalCode[], run = bench.honest.record.run) {
  return { message: withBody(bench.bundle, signBundle(run, body, key), bench.id), place: bench.place, codes };
}

/** As a teller with its own key could tell it: only what is said is wrong. */
function told(bench: Bench, change: (reward: InteractionReward) => InteractionReward, ...codes: RefusalCode[]) {
  const { body } = bench.bundle;
  const changed = withIds(bench.honest.record.run, { ...body, rewards: body.rewards.map(change) });
  return signedAs(bench, changed, keyOf(bench, body.teller), codes);
}

/** The bundle with one field of it, or of one of its rewards, changed after it was signed. */
function altered({ bundle: { body }, random }: Bench): Rewards {
  const at = random.integer(body.rewards.length);
  const change = (more: Partial<InteractionReward>): Rewards => ({
    ...body,
    rewards: body.rewards.map((reward, index) => (index === at ? { ...reward, ...more } : reward)),
  });
  const one = body.rewards[at] as InteractionReward;
  return pick(random, [
    change({ value: one.value === 1 ? 0 : 1 }),
    change({ turn: one.turn + 1 }),
    change({ agent: one.agent === 'executor/0' ? 'proposer/0' : 'executor/0' }),
    change({ role: one.role === 'executor' ? 'proposer' : 'executor' }),
    change({ term: `${one.term}s` }),
    change({ evidence: `${one.evidence}!` }),
    { ...body, rewards: body.rewards.toSpliced(at, 1) },
    { ...body, rewards: [...body.rewards, one] },
  ]);
}

/** The bundle under the name of another one that its teller tells too. */
function pasted({ honest: { stream }, bundle, random }: Bench): string {
  const others = bundlePlaces(stream).map((place) => bundleAt(stream, place).body);
  return pick(
    random,
    others.filter(({ teller, episodeId }) => teller === bundle.body.teller && episodeId !== bundle.body.episodeId),
  ).episodeId;
}

const ways: Readonly<Record<string, Forge>> = {
  'no signature': (bench) => sent(bench, { ...greedy(bench.bundle.body), signature: Buffer.alloc(0) }, 'unsigned'),
  'a signature of chance': (bench) =>
    sent(
      bench,
      { ...greedy(bench.bundle.body), signature: Buffer.from(Array.from({ length: 64 }, () => bench.random.integer(256))) },
      'bad-signature',
    ),
  'the key of a stranger': (bench) => signedAs(bench, greedy(bench.bundle.body), stranger, ['bad-signature']),
  'the key of another service': (bench) => {
    const { teller } = bench.bundle.body;
    const other = pick(
      bench.random,
      rewardTellers.filter((service) => `${service}/0` !== teller),
    );
    return signedAs(bench, greedy(bench.bundle.body), bench.honest.keys[other], ['bad-signature']);
  },
  'another service in its own name': (bench) => {
    const { body } = bench.bundle;
    const other = pick(
      bench.random,
      rewardTellers.filter((service) => `${service}/0` !== body.teller),
    );
    const own = signBundle(bench.honest.record.run, greedy({ ...body, teller: `${other}/0` }), bench.honest.keys[other]);
    const from = { ...bench.bundle, from: addressOf(`${other}/0`) };
    return { message: withBody(from, own, bench.id), place: bench.place, codes: ['not-entitled'] };
  },
  'an executor that pays itself': (bench) => {
    const body = signBundle(bench.honest.record.run, greedy({ ...bench.bundle.body, teller: 'executor/0' }), stranger);
    return {
      message: withBody({ ...bench.bundle, from: addressOf('executor/0') }, body, bench.id),
      place: bench.place,
      codes: ['bad-signature'],
    };
  },
  'the name of somebody else': (bench) => {
    const from = { ...bench.bundle, from: addressOf('executor/0') };
    return { message: withBody(from, bench.bundle.body, bench.id), place: bench.place, codes: ['wrong-sender'] };
  },
  'a teller that no recipe knows': (bench) => {
    const body = signBundle(bench.honest.record.run, { ...bench.bundle.body, teller: 'verifier/9' }, bench.honest.keys.verifier);
    return {
      message: withBody({ ...bench.bundle, from: addressOf('verifier/9') }, body, bench.id),
      place: bench.place,
      codes: ['unknown-teller'],
    };
  },
  replay: (bench) => {
    const { bundlePlace, honest, bundle, random, id } = bench;
    const place = bundlePlace + random.integer(honest.stream.length - 1 - bundlePlace);
    return { message: withBody(bundle, bundle.body, id), place, codes: ['duplicate', 'late'] };
  },
  'cut and paste to another episode': (bench) =>
    sent(bench, withIds(bench.honest.record.run, { ...bench.bundle.body, episodeId: pasted(bench) }), 'bad-signature'),
  'cut and paste from another run': (bench) =>
    signedAs(bench, bench.bundle.body, keyOf(bench, bench.bundle.body.teller), ['bad-signature'], 'another-run'),
  'altered after signing': (bench) => sent(bench, altered(bench), 'bad-signature'),
  'altered after signing, with ids that fit': (bench) => sent(bench, withIds(bench.honest.record.run, altered(bench)), 'bad-signature'),
  'out of range': (bench) => told(bench, (reward) => ({ ...reward, value: pick(bench.random, [1e9, -1e9, 17.5, -17.5]) }), 'out-of-range'),
  'not a number': (bench) =>
    told(
      bench,
      (reward) => ({ ...reward, value: pick(bench.random, [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) }),
      'not-finite',
    ),
  'an epoch that is not the current one': (bench) => {
    const body = withIds(bench.honest.record.run, { ...greedy(bench.bundle.body), epoch: 1 + bench.random.integer(5) });
    return signedAs(bench, body, keyOf(bench, body.teller), ['wrong-epoch']);
  },
  'too late': (bench) => {
    const { honest, random, id } = bench;
    const closed = bundlePlaces(honest.stream).filter((place) => {
      const end = honest.closed.get(bundleAt(honest.stream, place).body.episodeId);
      return end !== undefined && end.place < honest.stream.length - 1;
    });
    const bundle = bundleAt(honest.stream, pick(random, closed));
    const end = honest.closed.get(bundle.body.episodeId);
    const body = signBundle(honest.record.run, greedy(bundle.body), honest.keys[bundle.from.role as RewardTeller]);
    return { message: withBody(bundle, body, id), place: end?.place ?? 0, codes: [end?.isSettled ? 'duplicate' : 'late'] };
  },
  'an id of another reward': (bench) => {
    const { body } = bench.bundle;
    const wrong = { ...body, rewards: body.rewards.map((reward) => ({ ...reward, rewardId: 'f'.repeat(64) })) };
    return signedAs(bench, wrong, keyOf(bench, body.teller), ['wrong-id']);
  },
  'an episode that never was': (bench) => {
    const body = withIds(bench.honest.record.run, { ...bench.bundle.body, episodeId: `99999.${bench.random.integer(9)}.0` });
    return signedAs(bench, body, keyOf(bench, body.teller), ['unknown-episode']);
  },
  'a turn beyond all bounds': (bench) => told(bench, (reward) => ({ ...reward, turn: 70_000 + bench.random.integer(1000) }), 'bad-turn'),
  'an attempt that never was': (bench) => {
    const { honest, random, id } = bench;
    // Told before the honest bundles of an episode that will be settled: it must be gone when that closes.
    const places = bundlePlaces(honest.stream).filter(
      (place) => honest.closed.get(bundleAt(honest.stream, place).body.episodeId)?.isSettled,
    );
    const place = pick(random, places);
    const { body } = bundleAt(honest.stream, place);
    const reward = { ...(body.rewards[0] as InteractionReward), turn: 1000 + Number(id.split('-')[1]) };
    const forged = withIds(honest.record.run, { ...body, rewards: [reward] });
    const message = withBody(bundleAt(honest.stream, place), signBundle(honest.record.run, forged, keyOf(bench, body.teller)), id);
    return { message, place: place - 1, codes: ['unjoined'] };
  },
};

/** That many forgeries against a run, every way in turn; the rest is chance by the seed. */
export function forgeriesOf(honest: HonestRun, count: number, seed: number): Forgery[] {
  const { stream } = honest;
  const [places, entries] = [bundlePlaces(stream), Object.entries(ways)];
  return Array.from({ length: count }, (_, index) => {
    const [way, forge] = entries[index % entries.length] as (typeof entries)[number];
    const random = randomOf('forged', seed, index);
    const bundlePlace = pick(random, places.slice(0, -1));
    // Most of them shortly before the honest bundle, when its episode is open and still misses it.
    const place = random.uniform() < 0.7 ? bundlePlace - 1 - random.integer(6) : random.integer(stream.length - 1);
    return { way, ...forge({ honest, random, id: `forged-${index}`, place, bundle: bundleAt(stream, bundlePlace), bundlePlace }) };
  });
}

/** The stream with the forgeries in their places. */
export function withForgeries(stream: readonly Message[], forgeries: readonly Forgery[]): Message[] {
  return stream.flatMap((message, place) => [message, ...forgeries.filter((one) => one.place === place).map((one) => one.message)]);
}
