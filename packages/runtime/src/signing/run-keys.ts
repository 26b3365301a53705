import type { KeyObject } from 'node:crypto';
import { RedQueenError, rewardTellers, type RewardTeller, type RunRecord } from '@redqueen/core';
import type { Actor, PoolActor, Tell } from '../actors/actor.ts';
import type { ServiceName } from '../rpc/definitions.ts';
import { privateKeyFile, publicKeyFile, publicKeyIn, requireKey } from './key-folder.ts';
import { publicKeyText, signBundle } from './signatures.ts';

/** Whether a service tells rewards, and so has a key. */
export function tellsRewards(service: ServiceName): service is RewardTeller & ServiceName {
  return (rewardTellers as readonly string[]).includes(service);
}

function misfit(record: RunRecord, service: RewardTeller, file: string): RedQueenError {
  return new RedQueenError(
    'failed_precondition',
    `${file} (signing.keysFolder) is not the key of ${service} that run ${record.run} was started with (${record.rewardKeys?.[service]}): put that key back, or stop the run and start a new one`,
  );
}

/** Throws `failed_precondition` where a public key in the folder is another one than the run was started with. Keys that are not there are not compared. */
export function requireRunKeys(record: RunRecord, folder: string): void {
  if (!record.rewardKeys) return;
  for (const service of rewardTellers) {
    const known = publicKeyIn(folder, service);
    if (known !== undefined && known !== record.rewardKeys[service]) throw misfit(record, service, publicKeyFile(folder, service));
  }
}

/**
 * The key with which a service signs in a run; undefined where it signs nothing. Throws `failed_precondition` where it is not the one that the
 * run was started with: everything that it tells would be refused.
 */
export function runKey(record: RunRecord, service: ServiceName, folder: string): KeyObject | undefined {
  if (!record.rewardKeys || !tellsRewards(service)) return undefined;
  const key = requireKey(folder, service);
  if (publicKeyText(key) === record.rewardKeys[service]) return key;
  throw misfit(record, service, privateKeyFile(folder, service));
}

function signedTell(tell: Tell, run: string, key: KeyObject): Tell {
  return tell.kind === 'rewards' ? { ...tell, body: signBundle(run, tell.body, key) } : tell;
}

/** The same actor, every bundle of rewards that it tells signed. Rewards are told by pools alone; a stateful actor is left as it is. */
export function signingActor(actor: Actor, key: KeyObject): Actor {
  if (actor.type !== 'pool') return actor;
  const receive: PoolActor['receive'] = async (message, context) =>
    (await actor.receive(message, context)).map((tell) => signedTell(tell, context.run, key));
  return { ...actor, receive };
}
