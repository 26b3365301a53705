// The contract: messages, codec, subjects and service types, generated from proto/.
export { messageType, packageDefinition, protoFolder } from './definitions.ts';
export {
  decodeMessage,
  encodeMessage,
  messageOf,
  type Body,
  type BodyInput,
  type Envelope,
  type Kind,
  type Message,
  type MessageInput,
  type Told,
  type ToldInput,
} from './event.ts';
export { addressOf, addressText, kindToken, mailboxSubject, runSubject, streamOf, subjectOf } from './subjects.ts';
export type * from './messages.ts';
export type * from './services.ts';
