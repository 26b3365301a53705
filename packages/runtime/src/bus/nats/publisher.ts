import { headers, type Msg } from '@nats-io/transport-node';
import { encodeMessage, subjectOf, type MessageInput } from '@redqueen/contract';
import type { PublishResult } from '../port.ts';
import { apiError, errorOf } from './errors.ts';
import type { Outbox } from './outbox.ts';

/** The server drops a message whose id it has seen within the duplicate window. */
export const idHeader = 'Nats-Msg-Id';

/** Stores a message in its run's stream. Synchronous up to the write: messages published one after the other are stored in that order. */
export function publishMessage(outbox: Outbox, message: MessageInput): Promise<PublishResult> {
  const fields = headers();
  fields.set(idHeader, message.id);
  const subject = subjectOf(message.run, message.to, message.kind);
  return outbox.send(subject, encodeMessage(message), fields).then((answer) => resultOf(answer, message.run));
}

function resultOf(answer: Msg, run: string): PublishResult {
  const reply = answer.json<{ seq: number; duplicate?: boolean; error?: object }>();
  const error = errorOf(reply);
  if (error) throw apiError(error.code, error.description, `publish to run ${run}`);
  return { sequence: reply.seq, duplicate: reply.duplicate === true };
}
