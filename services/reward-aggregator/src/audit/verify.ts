import { addressText, type Message } from '@redqueen/contract';
import { addresses, LedgerDamage, type LedgerHead } from '@redqueen/runtime';
import { Refold } from './refold.ts';
import type { LedgerEntry, LedgerSource } from './source.ts';
import { ToldLedger } from './told-ledger.ts';

/** What is wrong with a ledger, and where. */
export interface LedgerFault {
  /** The first message that is missing, altered or wrong. */
  readonly sequence: number;
  readonly what: string;
}

/** What an audit found; the counts go as far as the first fault. */
export interface Verification {
  readonly run: string;
  readonly messages: number;
  /** Digest of the stream as far as it was read. */
  readonly stream: string;
  readonly settled: number;
  readonly voided: number;
  /** Batches by agent. */
  readonly batches: Readonly<Record<string, number>>;
  /** Rewards by what became of them. */
  readonly rewards: Readonly<Record<string, number>>;
  /** What follows from the messages but was not told yet: of a run that was cut off. */
  readonly untold: number;
  /** How far the second place has seen the ledger; absent where there is none. */
  readonly head?: { readonly sequence: number; readonly settlement: number };
  /** The first fault; absent where the ledger is whole. */
  readonly fault?: LedgerFault;
}

const self = addressText(addresses.rewardAggregator);

/** Whether the second place saw the same ledger up to here. */
function headFault(head: LedgerHead | undefined, refold: Refold): string | undefined {
  const { sequence, digest } = refold.position;
  if (!head || head.sequence !== sequence) return undefined;
  if (head.digest !== digest) return `the messages up to ${sequence} are not those that were folded in`;
  const { index, digest: settlement } = refold.state.chain;
  if (head.settlement === index && head.settlementDigest === settlement) return undefined;
  return `settlement ${index} is the newest here, and settlement ${head.settlement} was when the message was folded in`;
}

/** What is wrong with the next message; undefined where nothing. */
function faultOf(entry: LedgerEntry, source: LedgerSource, refold: Refold, told: ToldLedger): string | undefined {
  const { message, told: news } = refold.add(entry);
  if (!message) return source.skipped?.has(entry.sequence) ? undefined : 'it is no message';
  const fault = isTold(message) ? told.faultOf(message, entry.bytes) : undefined;
  told.expect(news);
  return fault ?? headFault(source.head, refold);
}

function isTold(message: Message): boolean {
  return addressText(message.from) === self && message.kind !== 'expired';
}

/** Reads the whole ledger and stops at the first fault. */
async function firstFault(source: LedgerSource, refold: Refold, told: ToldLedger): Promise<LedgerFault | undefined> {
  try {
    for await (const entry of source.entries()) {
      const what = faultOf(entry, source, refold, told);
      if (what) return { sequence: entry.sequence, what };
    }
  } catch (error) {
    if (!(error instanceof LedgerDamage)) throw error;
    return { sequence: error.sequence, what: error.message };
  }
  const { sequence } = refold.position;
  const seen = Math.max(source.head?.sequence ?? 0, source.marked ?? 0);
  if (seen > sequence) return { sequence: sequence + 1, what: `the ledger ends here, although messages up to ${seen} were stored` };
  return undefined;
}

/**
 * Audits a ledger: every message is there and in order, the settlements and batches on the stream are, byte for byte, those that its messages come to,
 * each follows from the one before it, and the second place has seen nothing else. Throws only where the store cannot be read at all.
 */
export async function verifyLedger(source: LedgerSource): Promise<Verification> {
  const refold = new Refold(source);
  const told = new ToldLedger();
  const fault = await firstFault(source, refold, told);
  const { state, position } = refold;
  return {
    run: source.record.run,
    messages: position.sequence,
    stream: position.digest,
    settled: state.settled,
    voided: state.voided,
    batches: Object.fromEntries([...state.pools].map(([agent, pool]) => [agent, pool.number])),
    rewards: { ...state.rewards },
    untold: told.due.length,
    ...(source.head && { head: { sequence: source.head.sequence, settlement: source.head.settlement } }),
    ...(fault && { fault }),
  };
}
