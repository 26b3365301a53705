import { createPrivateKey, type KeyObject } from 'node:crypto';
import { decodeMessage, encodeMessage, type BodyInput, type Message, type Rewards } from '@redqueen/contract';
import { hash, randomOf, rewardTellers, type Random, type RewardKeys, type RewardTeller, type RunRecord } from '@redqueen/core';
import { publicKeyText, signBundle } from '@redqueen/runtime';
import { foldAll, inOrder, recordWith, run, start, type Plan } from '../../../services/reward-aggregator/src/test-support.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';

/** A signed run as it goes without any forgery. */
export interface HonestRun {
  readonly record: RunRecord;
  readonly keys: Readonly<Record<RewardTeller, KeyObject>>;
  readonly stream: readonly Message[];
  /** Digests of the settlements that the stream gives, in order. */
  readonly digests: readonly string[];
  /** By episode that is closed, the place in the stream of the message that closed it, and whether it was settled. */
  readonly closed: ReadonlyMap<string, { readonly place: number; readonly isSettled: boolean }>;
}

const proposals = 4;
/** What comes before the 32 secret bytes in the PKCS 8 form of an Ed25519 key (RFC 8410). */
const keyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The private key that belongs to the parts: a test's, the same every time. */
export function keyFrom(...parts: readonly (string | number)[]): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([keyPrefix, Buffer.from(hash('test key', ...parts), 'hex')]),
    format: 'der',
    type: 'pkcs8',
  });
}

function planOf(random: Random): Plan {
  const isVoid = random.uniform() < 0.25;
  const outcomes = Array.from({ length: 4 }, (_, attempt) => (isVoid && attempt > 0 ? 'void' : random.integer(2) === 1 ? 1 : 0));
  return {
    proposal: random.uniform() < 0.8 ? 'valid' : 'malformed',
    outcomes,
    confidences: [0.6 + 0.3 * random.uniform(), 0.1 + 0.3 * random.uniform()],
    predictions: [[random.integer(2), random.integer(2)]],
  };
}

/** The message with another body, as it comes off the wire. */
export function withBody(message: Message, body: BodyInput<'rewards'>, id: string = message.id): Message {
  return decodeMessage(encodeMessage({ ...message, id, kind: 'rewards', body }));
}

function signed(message: Message, keys: HonestRun['keys']): Message {
  if (message.kind !== 'rewards') return message;
  return withBody(message, signBundle(run, message.body, keys[message.from.role as RewardTeller]));
}

/** A run of that many slots of four proposals each; some are malformed, and some episodes are void. Every bundle is signed by its teller. */
export function honestRun(slots: number, seed: number): HonestRun {
  const keys = Object.fromEntries(rewardTellers.map((teller) => [teller, keyFrom(teller, seed)])) as HonestRun['keys'];
  const rewardKeys = Object.fromEntries(rewardTellers.map((teller) => [teller, publicKeyText(keys[teller])])) as RewardKeys;
  const record = { ...recordWith(), rewardKeys };
  const random = randomOf('honest', seed);
  const story = Array.from({ length: slots }, (_, tick) =>
    inOrder(
      `${tick}.0`,
      Array.from({ length: proposals }, () => planOf(random)),
    ),
  );
  const stream = [...start(), ...story.flat()].map((message) => signed(message, keys));
  const rules = rulesOf(record);
  const closed = new Map<string, { place: number; isSettled: boolean }>();
  const digests: string[] = [];
  let state: ReturnType<typeof foldAll>['state'] | undefined;
  for (const [place, message] of stream.entries()) {
    const folded = foldAll([message], rules, state);
    state = folded.state;
    for (const { episodeId = '', status, digest = '' } of folded.settlements) {
      closed.set(episodeId, { place, isSettled: status === 'SETTLEMENT_STATUS_SETTLED' });
      digests.push(digest);
    }
  }
  return { record, keys, stream, digests, closed };
}

/** The places of the bundles in the stream. */
export function bundlePlaces(stream: readonly Message[]): number[] {
  return stream.flatMap(({ kind }, place) => (kind === 'rewards' ? [place] : []));
}

/** The bundle at a place of {@link bundlePlaces}. */
export function bundleAt(stream: readonly Message[], place: number): Message & { readonly kind: 'rewards'; readonly body: Rewards } {
  const message = stream[place];
  if (message?.kind !== 'rewards') throw new Error(`there is no bundle at ${place}`);
  return message;
}
