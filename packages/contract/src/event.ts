import type { Address, Event, EventInput } from './messages.ts';
import { messageType } from './definitions.ts';

/** The kinds of message on a run's stream. */
export type Kind = NonNullable<Event['body']>;
/** The body of a message of that kind, decoded. */
export type Body<K extends Kind = Kind> = NonNullable<Event[K]>;
/** The body of a message of that kind as it may be written: fields may be left out. */
export type BodyInput<K extends Kind = Kind> = NonNullable<EventInput[K]>;

/** A kind with its body; switch on `kind` to narrow `body`. */
export type Told = { [K in Kind]: { readonly kind: K; readonly body: Body<K> } }[Kind];
/** A kind with the body that is to be told. */
export type ToldInput = { [K in Kind]: { readonly kind: K; readonly body: BodyInput<K> } }[Kind];

/** The envelope of a message, without its body. */
export interface Envelope {
  readonly id: string;
  readonly run: string;
  readonly from: Address;
  readonly to: Address;
  /** Id of the message that caused it; empty for the first one. */
  readonly cause: string;
  /** W3C trace context; may be empty. */
  readonly traceparent: string;
}

/** A message as read from a run's stream. */
export type Message = Envelope & Told;
/** A message that is to be published. */
export type MessageInput = Envelope & ToldInput;

const codec = () => messageType<EventInput, Event>('Event');

/** A message in the wire form that both the bus and gRPC use. */
export function encodeMessage(message: MessageInput): Uint8Array {
  const { kind, body, ...envelope } = message;
  return codec().serialize({ ...envelope, [kind]: body });
}

/** Reads the wire form. Throws where it is no Event, has no body, or lacks an id, a run or an address. */
export function decodeMessage(bytes: Uint8Array): Message {
  const event = codec().deserialize(bytes as Buffer);
  return messageOf(event);
}

/** A decoded Event as a Message. Throws like {@link decodeMessage}. */
export function messageOf(event: Event): Message {
  const { id, run, from, to, cause, traceparent, body: kind } = event;
  if (!kind) throw new Error('message has no body of a known kind');
  if (!id || !run || !from?.role || !to?.role) throw new Error(`message ${id || '(no id)'} lacks an id, run or address`);
  return { id, run, from, to, cause, traceparent, kind, body: event[kind] } as Message;
}
