import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { Rewards, RewardsInput } from '@redqueen/contract';
import { bundleBytes } from './bundle-bytes.ts';

/** The bundle with its signature by an Ed25519 key (RFC 8032). The same bundle and key always give the same bytes. */
export function signBundle(run: string, bundle: RewardsInput, key: KeyObject): RewardsInput {
  return { ...bundle, signature: sign(null, bundleBytes(run, bundle), key) };
}

/** Whether the holder of the key signed exactly this bundle for this run. Never throws. */
export function isSignedBundle(run: string, bundle: Rewards, publicKey: KeyObject): boolean {
  return verify(null, bundleBytes(run, bundle), publicKey, bundle.signature);
}

/** A public key as a run's record holds it: its 32 bytes as base64url, 43 characters. */
export function publicKeyText(key: KeyObject): string {
  const { x } = (key.type === 'public' ? key : createPublicKey(key)).export({ format: 'jwk' });
  return x ?? '';
}

/** The key that the text of a run's record names. Throws where it is none. */
export function publicKeyOf(text: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: text }, format: 'jwk' });
}
