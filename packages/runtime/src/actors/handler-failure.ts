import { addressText, type Address, type Message } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { ActorSettings } from './settings.ts';

/** How often a message was tried. */
export interface Tries {
  /** Failures seen by this host. */
  readonly failures: number;
  /** Deliveries to anybody; those that ended with their process are among them. */
  readonly deliveries: number;
}

/** Deliveries, as a multiple of `maxDeliver`, after which a failing message is dead wherever it failed before. */
const deliveriesPerFailure = 4;

/**
 * Whether a message that has just failed is dead (A5). A failure that a retry can help, e.g. of a service that is away, gets more tries;
 * what is no valid input will not become one, and gets none.
 */
export function isDead(settings: ActorSettings, tries: Tries, reason: unknown): boolean {
  if (reason instanceof RedQueenError && reason.code === 'invalid_argument') return true;
  if (reason instanceof RedQueenError && reason.retryable) return tries.deliveries >= settings.maxDeliverRetryable;
  return tries.failures >= settings.maxDeliver || tries.deliveries >= settings.maxDeliver * deliveriesPerFailure;
}

/** Throws `invalid_argument` where a message came to the wrong actor or on the wrong run's stream: its envelope says whose it is. */
export function requireOwn(message: Message, run: string, self: Address | undefined): void {
  const meant = `${addressText(message.to)} of run ${message.run}`;
  if (message.run !== run || (self && addressText(message.to) !== addressText(self)))
    throw new RedQueenError('invalid_argument', `message ${message.id} is for ${meant}, and came here by a wrong subject`);
}

/** A failure as the cause of a dead letter. */
export function causeOf(reason: unknown): string {
  if (reason instanceof RedQueenError) return `${reason.code}: ${reason.message}`;
  return reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
}
