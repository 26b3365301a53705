import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { RedQueenError } from './errors.ts';

/** What a hash can be made of. The number 1 and the text "1" are different parts. */
export type HashPart = string | number | boolean;

/** Length in UTF-8 bytes; ids and names are nearly always ASCII, and are hashed by the thousand a second. */
function byteLength(text: string): number {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return utf8ToBytes(text).length;
  return text.length;
}

/** One part with its type and its length in UTF-8 bytes, so that no two lists of parts have the same encoding. */
function encodePart(part: HashPart): string {
  if (typeof part === 'number' && !Number.isFinite(part)) {
    throw new RedQueenError('invalid_argument', `hash: ${String(part)} is no finite number`);
  }
  const text = String(part);
  return `${(typeof part).charAt(0)}${byteLength(text)}:${text}`;
}

/** SHA-256 of an unambiguous encoding of the parts: ('a', 'b') and ('ab') differ. 32 bytes. Throws `invalid_argument` for NaN and infinities. */
export function hashBytes(...parts: readonly HashPart[]): Uint8Array {
  return sha256(utf8ToBytes(parts.map(encodePart).join('')));
}

/** As `hashBytes`, in lower-case hexadecimal (64 digits). */
export function hash(...parts: readonly HashPart[]): string {
  return bytesToHex(hashBytes(...parts));
}

/** Which reward is meant. Two tellers of the same reward name the same key. */
export interface RewardKey {
  readonly run: string;
  readonly episode: string;
  /** The agent that earns it, e.g. "executor/0". */
  readonly agent: string;
  readonly role: string;
  /** Which attempt, proposal or prediction of the episode, from 0. */
  readonly turn: number;
  readonly term: string;
  /** Settlement epoch, from 0. */
  readonly epoch: number;
}

/** The id under which a reward is settled exactly once. 64 hexadecimal digits. */
export function rewardId(key: RewardKey): string {
  return hash('reward', key.run, key.episode, key.agent, key.role, key.turn, key.term, key.epoch);
}

/**
 * The id of the message that the actor `teller` (role/key) tells as number `index` while it handles message `inputId`. 32 hexadecimal digits.
 * The teller counts because several actors may handle one message: its addressee and whoever reads the whole run.
 */
export function derivedId(inputId: string, teller: string, index: number): string {
  return hash('told', inputId, teller, index).slice(0, 32);
}

/** A seed in [0, 2³²) derived from the parts, e.g. (run seed, task id, purpose). */
export function seedOf(...parts: readonly HashPart[]): number {
  return new DataView(hashBytes('seed', ...parts).buffer).getUint32(0);
}
