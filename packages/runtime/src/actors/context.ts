import { addressText, type Address, type Message, type MessageInput } from '@redqueen/contract';
import { derivedId, randomOf, type Clock } from '@redqueen/core';
import type { ActorContext, Tell } from './actor.ts';
import { originOf } from './retried.ts';

/** What the contexts of one actor have in common. */
export interface ContextSource {
  readonly run: string;
  readonly runSeed: number;
  readonly self: Address;
  readonly clock: Clock;
}

/** The context in which one message is handled. */
export function contextOf(source: ContextSource, messageId: string, signal: AbortSignal): ActorContext {
  const { run, runSeed, self, clock } = source;
  const { id } = originOf(messageId);
  return { run, self, clock, signal, random: (purpose) => randomOf(runSeed, addressText(self), id, purpose) };
}

/** The messages that an actor tells while it handles `input`: their ids are derived, so that handling it again gives the same ones (A3). */
export function toldMessages(self: Address, input: Message, tells: readonly Tell[]): MessageInput[] {
  const { run, traceparent } = input;
  const teller = addressText(self);
  const { id } = originOf(input.id);
  return tells.map((tell, index) => ({ ...tell, id: derivedId(id, teller, index), run, from: self, cause: input.id, traceparent }));
}
