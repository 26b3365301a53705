import { addressOf, type Message, type MessageInput } from '@redqueen/contract';
import type { Tell } from '@redqueen/runtime';

/** What a test may say of a message. */
export interface MessageFields {
  readonly run: string;
  readonly id: string;
  /** Sender, role/key. */
  readonly from?: string;
  /** Receiver, role/key. */
  readonly to?: string;
  /** What it carries. */
  readonly value?: number;
  readonly name?: string;
}

/** A message for a test: a knob, which carries a name and a number. */
export function knobMessage(fields: MessageFields): MessageInput {
  const { run, id, from = 'gateway/0', to = 'executor/0', name = 'test', value = 0 } = fields;
  return { run, id, from: addressOf(from), to: addressOf(to), cause: '', traceparent: '', kind: 'knob', body: { name, value, by: 'test' } };
}

/** The same as something that an actor tells. */
export function knobTell(to: string, value: number, name = 'test'): Tell {
  return { to: addressOf(to), kind: 'knob', body: { name, value, by: 'test' } };
}

/** The number that a test's message carries. */
export function knobValue(message: Message): number {
  if (message.kind !== 'knob') throw new Error(`expected a knob, not ${message.kind}`);
  return message.body.value;
}
