import type { Message, MessageInput } from '@redqueen/contract';
import { addresses, IdWindow, StreamChain, toldMessages, type StreamPosition } from '@redqueen/runtime';
import { fold } from '../fold/fold.ts';
import { decodeState, encodeState } from '../fold/snapshot.ts';
import { initialState, type State } from '../fold/state.ts';
import { rulesOf, type Rules } from '../rules.ts';
import { messageIn, type LedgerEntry, type LedgerSource } from './source.ts';

/** What one message came to. */
export interface Refolded {
  /** Undefined where the bytes are no message. */
  readonly message: Message | undefined;
  /** What the aggregator tells because of it. */
  readonly told: readonly MessageInput[];
}

/** The aggregator without a bus: folds a ledger from its first message, and drops, skips and tells exactly what the actor does. */
export class Refold {
  readonly rules: Rules;
  readonly #skipped: ReadonlySet<number>;
  readonly #chain: StreamChain;
  readonly #seen = new IdWindow();
  #state: State = initialState();

  constructor({ record, plugins, skipped = new Set() }: Omit<LedgerSource, 'entries'>) {
    this.rules = rulesOf(record, plugins);
    this.#skipped = skipped;
    this.#chain = new StreamChain(record.run);
  }

  get state(): State {
    return this.#state;
  }

  get position(): StreamPosition {
    return this.#chain.position;
  }

  /** Folds the next message in. Throws LedgerDamage where it is not the next one. */
  add(entry: LedgerEntry): Refolded {
    const { sequence } = entry;
    this.#chain.add(sequence, entry.bytes);
    const message = messageIn(entry);
    if (!message) return { message, told: [] };
    const again = this.#seen.has(message.id, sequence);
    this.#seen.add(message.id, sequence);
    if (again || this.#skipped.has(sequence)) return { message, told: [] };
    const { state, tells } = fold(this.rules, this.#state, message);
    this.#state = state;
    return { message, told: tells.length > 0 ? toldMessages(addresses.rewardAggregator, message, tells) : [] };
  }

  /** Goes on from a snapshot of the state, as an activation after a restart does. */
  restart(): void {
    this.#state = decodeState(encodeState(this.#state));
  }
}
