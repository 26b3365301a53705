import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { rewardTellers } from '@redqueen/core';
import { temporaryFolder } from '@redqueen/testkit';
import { describe, expect, it } from 'vitest';
import { ensureKey, isExposed, privateKeyFile, publicKeyFile, publicKeyIn, requireKey, rewardKeysIn } from './key-folder.ts';
import { publicKeyText } from './signatures.ts';

describe('keys in a folder', () => {
  it('are made on first use, for their service alone to read, and stay', () => {
    using folder = temporaryFolder();
    const keys = join(folder.path, 'data/keys');
    const made = ensureKey(keys, 'verifier');
    expect(statSync(privateKeyFile(keys, 'verifier')).mode & 0o777).toBe(0o600);
    expect(isExposed(keys, 'verifier')).toBe(false);
    expect(ensureKey(keys, 'verifier').equals(made)).toBe(true);
    expect(requireKey(keys, 'verifier').equals(made)).toBe(true);
    expect(publicKeyIn(keys, 'verifier')).toBe(publicKeyText(made));
    expect(publicKeyText(ensureKey(keys, 'proposer'))).not.toBe(publicKeyText(made));
    expect(readdirSync(keys).sort()).toEqual(['proposer.key', 'proposer.pub', 'verifier.key', 'verifier.pub']);
  });

  it('are the same for replicas that begin at the same moment', async () => {
    using folder = temporaryFolder();
    const program = `
      import { parentPort, workerData } from 'node:worker_threads';
      const [keys, signatures, folder] = workerData;
      const [{ ensureKey }, { publicKeyText }] = await Promise.all([import(keys), import(signatures)]);
      parentPort.once('message', () => parentPort.postMessage(publicKeyText(ensureKey(folder, 'verifier'))));
      parentPort.postMessage('ready');`;
    const modules = ['key-folder.ts', 'signatures.ts'].map((name) => join(import.meta.dirname, name));
    const workers = Array.from({ length: 4 }, () => new Worker(program, { eval: true, workerData: [...modules, folder.path] }));
    const answer = (worker: Worker) => new Promise<string>((resolve, reject) => worker.once('message', resolve).once('error', reject));
    try {
      await Promise.all(workers.map(answer));
      const answers = workers.map(answer);
      for (const worker of workers) worker.postMessage('go');
      expect(new Set(await Promise.all(answers))).toEqual(new Set([publicKeyIn(folder.path, 'verifier')]));
      expect(readdirSync(folder.path).sort()).toEqual(['verifier.key', 'verifier.pub']);
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  });

  it('may be put there, as openssl makes them, and without their public halves', () => {
    using folder = temporaryFolder();
    const pem =
      '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n';
    writeFileSync(privateKeyFile(folder.path, 'verifier'), pem, { mode: 0o644 });
    expect(ensureKey(folder.path, 'verifier').equals(createPrivateKey(pem))).toBe(true);
    // The public key of test 1 of RFC 8032, 7.1: d75a9801…511a.
    expect(Buffer.from(publicKeyIn(folder.path, 'verifier') ?? '', 'base64url').toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(isExposed(folder.path, 'verifier')).toBe(true);
  });

  it('refuse what is no key of the service, naming the file and what to do', () => {
    using folder = temporaryFolder();
    const file = privateKeyFile(folder.path, 'verifier');
    expect(() => requireKey(folder.path, 'verifier')).toThrow(`${file} (signing.keysFolder) is missing: put the key of verifier there`);
    writeFileSync(file, 'garbage');
    expect(() => ensureKey(folder.path, 'verifier')).toThrow(`${file} (signing.keysFolder) cannot be read as a key in PEM form`);
    writeFileSync(file, generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(() => ensureKey(folder.path, 'verifier')).toThrow(
      'holds a key of type x25519; make one with `openssl genpkey -algorithm ed25519`',
    );
    rmSync(file);
    ensureKey(folder.path, 'verifier');
    rmSync(file);
    expect(() => ensureKey(folder.path, 'verifier')).toThrow(`${publicKeyFile(folder.path, 'verifier')} is not the public key of ${file}`);
  });

  it('say that they cannot be made where the folder cannot be', () => {
    using folder = temporaryFolder();
    const keys = join(folder.path, 'keys');
    writeFileSync(keys, 'a file in its place');
    expect(() => ensureKey(keys, 'verifier')).toThrow(/cannot be (made|read)/);
  });
});

describe('the keys of a new run', () => {
  it('are those of every service that tells rewards', () => {
    using folder = temporaryFolder();
    const made = rewardTellers.map((service) => [service, publicKeyText(ensureKey(folder.path, service))]);
    expect(rewardKeysIn(folder.path)).toEqual(Object.fromEntries(made));
    // The gateway needs no private key.
    for (const service of rewardTellers) rmSync(privateKeyFile(folder.path, service));
    expect(rewardKeysIn(folder.path)).toEqual(Object.fromEntries(made));
  });

  it('are refused where one is missing, or two services share one', () => {
    using folder = temporaryFolder();
    for (const service of ['proposer', 'verifier'] as const) ensureKey(folder.path, service);
    const missing = publicKeyFile(folder.path, 'world-model');
    expect(() => rewardKeysIn(folder.path)).toThrow(`${missing} (signing.keysFolder) is missing: start world-model with the same folder`);
    cpSync(publicKeyFile(folder.path, 'verifier'), missing);
    expect(() => rewardKeysIn(folder.path)).toThrow('verifier and world-model have the same key; give each its own');
  });
});
