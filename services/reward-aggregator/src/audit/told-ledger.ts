import { encodeMessage, type Batch, type Message, type MessageInput, type Settlement } from '@redqueen/contract';
import { settlementDigest } from '../fold/digest.ts';

/** What a settlement or batch on the stream is measured by: what the fold says must have been told, and what stands before it. */
export class ToldLedger {
  /** Told by the fold, not yet met on the stream, by id. */
  readonly #due = new Map<string, MessageInput>();
  readonly #met = new Set<string>();
  readonly #digests = new Set<string>();
  /** Batches met, by agent. */
  readonly #batches = new Map<string, number>();
  #settlements = 0;
  #digest = '';

  get settlements(): number {
    return this.#settlements;
  }

  get batches(): number {
    return [...this.#batches.values()].reduce((sum, count) => sum + count, 0);
  }

  /** What the fold told and the stream does not hold: nothing, or the newest of a run that was cut off. */
  get due(): readonly MessageInput[] {
    return [...this.#due.values()];
  }

  expect(told: readonly MessageInput[]): void {
    for (const one of told) this.#due.set(one.id, one);
  }

  /** What is wrong with a message of the aggregator; undefined where nothing is, or it was told a second time. */
  faultOf(message: Message, bytes: Uint8Array): string | undefined {
    // A dead letter that is tried again is told once more under an id of its own.
    if (this.#met.has(message.id.replace(/(\.retry)+$/, ''))) return undefined;
    const fault =
      message.kind === 'settlement' ? this.#settled(message.body) : message.kind === 'batch' ? this.#batched(message.body) : undefined;
    return fault ?? this.#differs(message, bytes);
  }

  #settled(settlement: Settlement): string | undefined {
    const name = `settlement ${settlement.index} of episode ${settlement.episodeId}`;
    if (settlementDigest(settlement) !== settlement.digest) return `${name} does not have its digest`;
    if (settlement.index !== this.#settlements + 1) return `${name} follows settlement ${this.#settlements}`;
    if (settlement.previousDigest !== this.#digest) return `${name} does not follow from the one before it`;
    this.#settlements += 1;
    this.#digest = settlement.digest;
    this.#digests.add(settlement.digest);
    return undefined;
  }

  #batched({ agent, number, settlementDigests }: Batch): string | undefined {
    const before = this.#batches.get(agent) ?? 0;
    if (number !== before + 1) return `batch ${number} of ${agent} follows batch ${before}`;
    const stranger = settlementDigests.find((digest) => !this.#digests.has(digest));
    if (stranger !== undefined) return `batch ${number} of ${agent} names settlement ${stranger}, which is not on the stream`;
    this.#batches.set(agent, number);
    return undefined;
  }

  /** Whether it is, byte for byte, what the fold told. */
  #differs({ id, kind }: Message, bytes: Uint8Array): string | undefined {
    const told = this.#due.get(id);
    if (!told) return `the ${kind} follows from no message before it`;
    this.#due.delete(id);
    this.#met.add(id);
    return Buffer.compare(encodeMessage(told), bytes) === 0 ? undefined : `the ${kind} is not what its messages come to`;
  }
}
