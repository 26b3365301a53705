import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RedQueenError, rewardTellers, type RewardKeys, type RewardTeller } from '@redqueen/core';
import { publicKeyText } from './signatures.ts';

// One key pair a service: <service>.key (PKCS 8, PEM, mode 0600) and <service>.pub (SPKI, PEM). A deployment mounts the first as the secret of
// its service, and the second where the gateway and the reward aggregator run.

const setting = 'signing.keysFolder';

/** Where the private key of a service is. */
export function privateKeyFile(folder: string, service: RewardTeller): string {
  return join(folder, `${service}.key`);
}

/** Where the public key of a service is. */
export function publicKeyFile(folder: string, service: RewardTeller): string {
  return join(folder, `${service}.pub`);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** The Ed25519 key in a PEM file, undefined where there is no such file. Throws `failed_precondition` naming the file. */
function readKey(file: string, parse: (pem: Buffer) => KeyObject): KeyObject | undefined {
  let key: KeyObject;
  try {
    key = parse(readFileSync(file));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    const reason = (cause as Error).message;
    throw new RedQueenError('failed_precondition', `${file} (${setting}) cannot be read as a key in PEM form: ${reason}`, { cause });
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new RedQueenError(
    'failed_precondition',
    `${file} (${setting}) holds a key of type ${key.asymmetricKeyType}; make one with \`openssl genpkey -algorithm ed25519\``,
  );
}

/** Writes a file as a whole; `place` puts it where it belongs. */
function writeWhole(file: string, content: string | Buffer, mode: number, place: (part: string) => void): void {
  const part = `${file}.${randomUUID()}.part`;
  try {
    writeFileSync(part, content, { mode, flag: 'wx', flush: true });
    place(part);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Makes the key file, unless another replica of the service was faster: a link never replaces a file. */
function makeKey(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeWhole(file, pem, 0o600, (part) => {
    try {
      linkSync(part, file);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  });
}

function requireOwnPublicKey(folder: string, service: RewardTeller, key: KeyObject): void {
  const file = publicKeyFile(folder, service);
  const known = readKey(file, createPublicKey);
  const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' });
  if (!known) return writeWhole(file, pem, 0o644, (part) => renameSync(part, file));
  if (publicKeyText(known) === publicKeyText(key)) return;
  throw new RedQueenError(
    'failed_precondition',
    `${file} is not the public key of ${privateKeyFile(folder, service)} (${setting}): put the two that belong together there, or delete the .pub file`,
  );
}

/**
 * The private key of a service, made on first use together with its public key; replicas that share the folder get the same one.
 * A key that was put there is taken as it is, and its folder may be read-only. Throws `failed_precondition` naming the file and the setting.
 */
export function ensureKey(folder: string, service: RewardTeller): KeyObject {
  const file = privateKeyFile(folder, service);
  const given = readKey(file, createPrivateKey);
  try {
    if (!given) makeKey(file);
    const key = given ?? requireKey(folder, service);
    requireOwnPublicKey(folder, service, key);
    return key;
  } catch (cause) {
    if (cause instanceof RedQueenError) throw cause;
    if (given) return given;
    const reason = (cause as Error).message;
    throw new RedQueenError(
      'failed_precondition',
      `the key of ${service} cannot be made: ${reason}; make ${folder} (${setting}) writable, or put ${service}.key there`,
      { cause },
    );
  }
}

/** The private key of a service. Throws `failed_precondition` where there is none. */
export function requireKey(folder: string, service: RewardTeller): KeyObject {
  const file = privateKeyFile(folder, service);
  const key = readKey(file, createPrivateKey);
  if (key) return key;
  throw new RedQueenError('failed_precondition', `${file} (${setting}) is missing: put the key of ${service} there`);
}

/** Whether other users of the machine may read the private key. */
export function isExposed(folder: string, service: RewardTeller): boolean {
  return (statSync(privateKeyFile(folder, service)).mode & 0o007) !== 0;
}

/** The public key of a service as text, undefined where the folder has none. Throws `failed_precondition` where it cannot be read. */
export function publicKeyIn(folder: string, service: RewardTeller): string | undefined {
  const key = readKey(publicKeyFile(folder, service), createPublicKey);
  return key && publicKeyText(key);
}

/** The public keys of all services that tell rewards, for the record of a new run. Throws `failed_precondition` where one is missing or two are the same. */
export function rewardKeysIn(folder: string): RewardKeys {
  const keys = rewardTellers.map((service) => {
    const text = publicKeyIn(folder, service);
    if (text !== undefined) return [service, text] as const;
    throw new RedQueenError(
      'failed_precondition',
      `${publicKeyFile(folder, service)} (${setting}) is missing: start ${service} with the same folder, copy the file from where it runs, or set signing.rewards to off`,
    );
  });
  for (const [service, text] of keys) {
    const other = keys.find(([name, own]) => name !== service && own === text)?.[0];
    if (other)
      throw new RedQueenError(
        'failed_precondition',
        `${folder} (${setting}): ${service} and ${other} have the same key; give each its own`,
      );
  }
  return Object.fromEntries(keys) as RewardKeys;
}
