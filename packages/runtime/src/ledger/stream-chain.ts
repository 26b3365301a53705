import { hash } from 'node:crypto';
import { LedgerDamage, messageRange } from './damage.ts';

/** SHA-256 before the first message. */
const zero = new Uint8Array(32);

/** A place in a run's stream, and what all messages up to it come to. */
export interface StreamPosition {
  /** Messages so far; 0 before the first. */
  readonly sequence: number;
  /** dₙ = SHA-256(dₙ₋₁ ‖ bytes of message n), d₀ = 32 zero bytes; lower-case hexadecimal. */
  readonly digest: string;
}

/** The place before the first message. */
export const streamStart: StreamPosition = { sequence: 0, digest: Buffer.from(zero).toString('hex') };

/** SHA-256 of one message as stored. */
export function messageDigest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** The running hash over every message of a run's stream. A prefix of the stream has one digest; no other prefix has it. */
export class StreamChain {
  readonly #run: string;
  #sequence: number;
  #digest: Uint8Array;

  constructor(run: string, from: StreamPosition = streamStart) {
    this.#run = run;
    this.#sequence = from.sequence;
    this.#digest = Buffer.from(from.digest, 'hex');
  }

  get position(): StreamPosition {
    return { sequence: this.#sequence, digest: Buffer.from(this.#digest).toString('hex') };
  }

  /** Adds the next message. Throws {@link LedgerDamage} where it is not the next one. */
  add(sequence: number, bytes: Uint8Array): void {
    const next = this.#sequence + 1;
    if (sequence > next)
      throw new LedgerDamage(this.#run, next, `${messageRange(next, sequence - 1)} missing from the store, message ${sequence} is there`);
    if (sequence < next) throw new LedgerDamage(this.#run, sequence, `message ${sequence} came after message ${next - 1}`);
    this.#digest = hash('sha256', Buffer.concat([this.#digest, bytes]), 'buffer');
    this.#sequence = sequence;
  }
}
