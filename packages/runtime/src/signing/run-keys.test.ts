import { createPublicKey } from 'node:crypto';
import type { Rewards } from '@redqueen/contract';
import { decodeRunRecord, encodeRunRecord, type RunRecord } from '@redqueen/core';
import { bodiesOf, received, recordOf, tellsOf, temporaryFolder } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import type { PoolActor } from '../actors/actor.ts';
import { addresses, agents, rewardsOf } from '../roles/index.ts';
import { ensureKey, privateKeyFile, publicKeyFile, rewardKeysIn } from './key-folder.ts';
import { requireRunKeys, runKey, signingActor } from './run-keys.ts';
import { isSignedBundle } from './signatures.ts';

function signedRun(folder: string): RunRecord {
  for (const service of ['proposer', 'verifier', 'world-model'] as const) ensureKey(folder, service);
  return { ...recordOf(), rewardKeys: rewardKeysIn(folder) };
}

describe('the keys of a run', () => {
  it('are fixed in its record, and are Ed25519 keys', () => {
    using folder = temporaryFolder();
    const record = signedRun(folder.path);
    expect(decodeRunRecord(encodeRunRecord(record))).toEqual(record);
    const broken = JSON.stringify({ ...record, rewardKeys: { ...record.rewardKeys, verifier: 'short' } });
    expect(() => decodeRunRecord(broken)).toThrow(/rewardKeys\.verifier.*Ed25519 public key/s);
  });

  it('are the services’ own; a service that tells no rewards has none, and neither has a run that is not signed', () => {
    using folder = temporaryFolder();
    const record = signedRun(folder.path);
    expect(runKey(record, 'verifier', folder.path)?.equals(ensureKey(folder.path, 'verifier'))).toBe(true);
    expect(runKey(record, 'executor', folder.path)).toBeUndefined();
    expect(runKey(recordOf(), 'verifier', folder.path)).toBeUndefined();
    expect(() => requireRunKeys(record, folder.path)).not.toThrow();
  });

  it('that do not fit any more are an error with the file, the run and what to do', () => {
    using folder = temporaryFolder();
    using other = temporaryFolder();
    const record = signedRun(folder.path);
    signedRun(other.path);
    const misfit = (file: string) =>
      `${file} (signing.keysFolder) is not the key of verifier that run run was started with (${record.rewardKeys?.verifier}): put that key back, or stop the run and start a new one`;
    expect(() => runKey(record, 'verifier', other.path)).toThrow(misfit(privateKeyFile(other.path, 'verifier')));
    const swapped = { ...record, rewardKeys: { ...record.rewardKeys, verifier: rewardKeysIn(other.path).verifier } } as RunRecord;
    expect(() => requireRunKeys(swapped, folder.path)).toThrow(publicKeyFile(folder.path, 'verifier'));
    using empty = temporaryFolder();
    expect(() => requireRunKeys(record, empty.path)).not.toThrow();
    expect(() => runKey(record, 'verifier', empty.path)).toThrow('is missing');
  });
});

it('an actor that signs tells what it told, with its rewards signed', async () => {
  using folder = temporaryFolder();
  const key = ensureKey(folder.path, 'verifier');
  const body = rewardsOf({ run: 'run', episode: '1.0.0', teller: agents.verifier }, [
    { agent: agents.executor, turn: 0, term: 'outcome', value: 1, evidence: 'right' },
  ]);
  const actor: PoolActor = {
    type: 'pool',
    address: addresses.verifier,
    concurrency: 3,
    receive: async () => [
      { to: addresses.rewardAggregator, kind: 'verdicts', body: { taskId: '1.0.0' } },
      { to: addresses.rewardAggregator, kind: 'rewards', body },
    ],
  };
  const signing = signingActor(actor, key) as PoolActor;
  expect(signing).toMatchObject({ type: 'pool', address: addresses.verifier, concurrency: 3 });
  const input = received(addresses.verifier, 'attempts', { taskId: '1.0.0' });
  const [plain, told] = [await tellsOf(actor, input), await tellsOf(signing, input)];
  expect(bodiesOf(told, 'verdicts')).toEqual(bodiesOf(plain, 'verdicts'));
  const [signed] = bodiesOf(told, 'rewards');
  expect(signed).toMatchObject({ episodeId: '1.0.0', rewards: [{ term: 'outcome', value: 1 }] });
  expect(isSignedBundle('run', signed as Rewards, createPublicKey(key))).toBe(true);
  expect(await tellsOf(signing, input)).toEqual(told);
});
