import {
  addressText,
  decodeMessage,
  encodeMessage,
  type Address,
  type Body,
  type BodyInput,
  type Kind,
  type Message,
} from '@redqueen/contract';
import { derivedId, randomOf } from '@redqueen/core';
import type { ActorContext, PoolActor, Tell } from '@redqueen/runtime';
import { FakeClock } from '../fake-clock.ts';

const gateway = { role: 'gateway', key: '0' };

/** A message of the run "run" to an actor, as it comes off the wire. */
export function received<K extends Kind>(to: Address, kind: K, body: BodyInput<K>, id = 'message'): Message {
  const envelope = { id, run: 'run', from: gateway, to, cause: '', traceparent: '' };
  return decodeMessage(encodeMessage({ ...envelope, kind, body } as Parameters<typeof encodeMessage>[0]));
}

/** What an actor may use while it handles a message, with the randomness that a host would give it. */
export function contextOf(self: Address, message: Message, signal: AbortSignal = new AbortController().signal): ActorContext {
  return { run: message.run, self, clock: new FakeClock(), random: (purpose) => randomOf('run seed', message.id, purpose), signal };
}

/** What an actor tells when it handles the messages one after the other, as it comes off the wire. */
export async function tellsOf(actor: PoolActor, ...messages: readonly Message[]): Promise<Message[]> {
  const told: Message[] = [];
  for (const message of messages) {
    const tells = await actor.receive(message, contextOf(actor.address, message));
    told.push(...tells.map((tell, index) => asMessage(actor.address, message, tell, index)));
  }
  return told;
}

function asMessage(from: Address, cause: Message, tell: Tell, index: number): Message {
  const envelope = { id: derivedId(cause.id, addressText(from), index), run: cause.run, from, cause: cause.id, traceparent: '' };
  return decodeMessage(encodeMessage({ ...envelope, ...tell }));
}

/** The bodies of the messages of one kind, in order. */
export function bodiesOf<K extends Kind>(messages: readonly Message[], kind: K): Body<K>[] {
  return messages.flatMap((message) => (message.kind === kind ? [message.body as Body<K>] : []));
}
