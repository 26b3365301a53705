import type { RewardsInput } from '@redqueen/contract';

/** Says what is signed, so that no signature over anything else can ever pass for one over a bundle. */
const domain = 'redqueen.rewards.v1';
const lengthBytes = 4;
const numberBytes = 8;

type Part = string | number;

function partsOf(run: string, bundle: RewardsInput): Part[] {
  const rewards = bundle.rewards ?? [];
  const parts: Part[] = [domain, run, bundle.episodeId ?? '', bundle.teller ?? '', bundle.epoch ?? 0, rewards.length];
  for (const { rewardId, agent, role, turn, term, value, evidence } of rewards)
    parts.push(rewardId ?? '', agent ?? '', role ?? '', turn ?? 0, term ?? '', Number(value ?? 0), evidence ?? '');
  return parts;
}

/**
 * The one form of a bundle that is signed: the domain, the run, then every field but the signature in the order of the contract.
 * A text is its length in UTF-8 bytes (32 bits, big-endian) and the bytes; a number is the 64 bits of its double, big-endian, every NaN the same one.
 * The kinds of the parts follow from their places, so that no two bundles have the same form. Never throws.
 */
export function bundleBytes(run: string, bundle: RewardsInput): Uint8Array {
  const parts = partsOf(run, bundle);
  let size = 0;
  for (const part of parts) size += typeof part === 'number' ? numberBytes : lengthBytes + Buffer.byteLength(part);
  const bytes = Buffer.allocUnsafe(size);
  let place = 0;
  for (const part of parts) {
    if (typeof part === 'number') {
      place = bytes.writeDoubleBE(Number.isNaN(part) ? Number.NaN : part, place);
    } else {
      const length = bytes.write(part, place + lengthBytes);
      bytes.writeUInt32BE(length, place);
      place += lengthBytes + length;
    }
  }
  return bytes;
}
