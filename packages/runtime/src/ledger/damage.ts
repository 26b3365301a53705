import { RedQueenError } from '@redqueen/core';

/** What a person can do about a ledger that is not what it was. */
const damageRemedy = 'restore the data folder from a copy, or start a new run; `redqueen ledger verify` says more (docs/ledger.md)';

/** A run's stream is not what it was: messages are missing or altered. Nothing may go on over it; the code is `data_loss`. */
export class LedgerDamage extends RedQueenError {
  /** The first message that is missing or altered, as far as that is known. */
  readonly sequence: number;

  constructor(run: string, sequence: number, what: string) {
    super('data_loss', `ledger of run ${run}: ${what}; ${damageRemedy}`, { context: { run, sequence } });
    this.sequence = sequence;
  }
}

/** Numbers of messages for a person: "message 7", "messages 7 to 9". */
export function messageRange(first: number, last: number): string {
  return first >= last ? `message ${first}` : `messages ${first} to ${last}`;
}
