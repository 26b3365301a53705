import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { decodeMessage, encodeMessage, type InteractionReward, type Rewards, type RewardsInput } from '@redqueen/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundleBytes } from './bundle-bytes.ts';
import { isSignedBundle, publicKeyOf, publicKeyText, signBundle } from './signatures.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const run = 'run-1';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const reward: fc.Arbitrary<InteractionReward> = fc.record({
  rewardId: text,
  agent: text,
  role: text,
  turn: fc.nat(0xffffffff),
  term: text,
  value: fc.double(),
  evidence: text,
});
const bundle: fc.Arbitrary<RewardsInput> = fc.record({
  episodeId: text,
  teller: text,
  epoch: fc.nat(0xffffffff),
  rewards: fc.array(reward, { maxLength: 5 }),
});

/** The bundle as its receiver reads it. */
function received(body: RewardsInput): Rewards {
  const address = { role: 'verifier', key: '0' };
  const message = { id: 'm', run, from: address, to: address, cause: '', traceparent: '', kind: 'rewards', body } as const;
  return decodeMessage(encodeMessage(message)).body as Rewards;
}

/** Every bundle that differs from this one in one field, or in one reward more, less or elsewhere. */
function changed(body: Rewards): Rewards[] {
  const { rewards } = body;
  const at = (index: number, reward: InteractionReward): Rewards => ({ ...body, rewards: rewards.with(index, reward) });
  return [
    { ...body, episodeId: `${body.episodeId}x` },
    { ...body, teller: `${body.teller}x` },
    { ...body, epoch: body.epoch + 1 },
    { ...body, rewards: rewards.slice(1) },
    { ...body, rewards: [...rewards, ...rewards] },
    { ...body, rewards: rewards.toReversed() },
    ...rewards.flatMap((one, index) => [
      at(index, { ...one, rewardId: `${one.rewardId}x` }),
      at(index, { ...one, agent: `${one.agent}x` }),
      at(index, { ...one, role: `${one.role}x` }),
      at(index, { ...one, turn: one.turn + 1 }),
      at(index, { ...one, term: `${one.term}x` }),
      at(index, { ...one, value: one.value === 0.5 ? 0.25 : 0.5 }),
      at(index, { ...one, value: -one.value }),
      at(index, { ...one, evidence: `${one.evidence}x` }),
      // The same letters over a border between two fields.
      at(index, { ...one, agent: one.agent + one.role, role: '' }),
    ]),
  ].filter((other) => !isDeepStrictEqual(other, body));
}

describe('a signature over a bundle', () => {
  it('fits the bundle as it comes off the wire, and is the same every time', () => {
    fc.assert(
      fc.property(bundle, (body) => {
        const signed = signBundle(run, body, privateKey);
        expect(isSignedBundle(run, received(signed), publicKey)).toBe(true);
        expect(signBundle(run, structuredClone(body), privateKey)).toEqual(signed);
      }),
    );
  });

  it('fits no other bundle: any field changed, a reward more, less or elsewhere', () => {
    fc.assert(
      fc.property(bundle, (body) => {
        const honest = received(signBundle(run, body, privateKey));
        for (const other of changed(honest)) expect(isSignedBundle(run, other, publicKey), JSON.stringify(other)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('fits no other run and no other key, and nothing that is no signature', () => {
    const body: RewardsInput = { episodeId: '1.0.0', teller: 'verifier/0', epoch: 0, rewards: [] };
    const honest = received(signBundle(run, body, privateKey));
    expect(isSignedBundle('run-2', honest, publicKey)).toBe(false);
    expect(isSignedBundle(run, honest, generateKeyPairSync('ed25519').publicKey)).toBe(false);
    for (const signature of [Buffer.alloc(0), Buffer.alloc(64), Buffer.alloc(63), Buffer.alloc(1000), honest.signature.subarray(1)])
      expect(isSignedBundle(run, { ...honest, signature }, publicKey)).toBe(false);
  });

  it('is over one form for each bundle', () => {
    fc.assert(
      fc.property(bundle, bundle, (a, b) => {
        const [one, two] = [received(a), received(b)];
        expect(Buffer.compare(bundleBytes(run, one), bundleBytes(run, two)) === 0).toBe(isDeepStrictEqual(one, two));
      }),
    );
  });

  it('is over this form, which must never change', () => {
    const body: RewardsInput = {
      episodeId: 'é',
      teller: 'verifier/0',
      epoch: 0,
      rewards: [{ rewardId: 'id', agent: 'executor/0', role: 'executor', turn: 3, term: 'outcome', value: -0.5, evidence: '' }],
    };
    const hex = (value: string) => Buffer.from(value).toString('hex');
    const string = (value: string) => Buffer.byteLength(value).toString(16).padStart(8, '0') + hex(value);
    const [zero, one, three, minusHalf] = ['0000000000000000', '3ff0000000000000', '4008000000000000', 'bfe0000000000000'];
    const fields = [string('redqueen.rewards.v1'), string(run), '00000002c3a9', string('verifier/0'), zero, one];
    const parts = [string('id'), string('executor/0'), string('executor'), three, string('outcome'), minusHalf, '00000000'];
    expect(Buffer.from(bundleBytes(run, body)).toString('hex')).toBe([...fields, ...parts].join(''));
  });
});

it('a public key is the same as text and as key, whichever half it comes from', () => {
  const written = publicKeyText(publicKey);
  expect(written).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(publicKeyText(privateKey)).toBe(written);
  expect(publicKeyOf(written).equals(createPublicKey(privateKey))).toBe(true);
});
