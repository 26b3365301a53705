import { addressOf, type DeadLetterInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { DeadLetterRecord, Handlers } from '@redqueen/runtime';
import { recordOf, type Gateway } from '../gateway.ts';

type DeadLetterHandlers = Pick<Handlers<'GatewayService'>, 'ListDeadLetters' | 'GetDeadLetter' | 'RetryDeadLetter' | 'DropDeadLetter'>;

function letterOf({ key, run, actor, kind, cause, deliveries, sequence, id, at }: DeadLetterRecord): DeadLetterInput {
  const when = new Date(at).toISOString();
  return { id: key, run, actor: addressOf(actor), kind, cause, deliveries, sequence, messageId: id, at: when };
}

/** RPCs about messages that could not be handled. */
export function deadLetterHandlers(gateway: Gateway): DeadLetterHandlers {
  const { deadLetters } = gateway;
  return {
    ListDeadLetters: async ({ run }) => ({ letters: (await deadLetters.list(run === '' ? undefined : run)).map(letterOf) }),
    GetDeadLetter: async ({ id }) => {
      const { record, message } = await deadLetters.show(id);
      if (!message) return { letter: letterOf(record) };
      const { kind, body, ...envelope } = message;
      return { letter: letterOf(record), message: { ...envelope, [kind]: body } };
    },
    RetryDeadLetter: async ({ id }) => {
      const { record } = await deadLetters.show(id);
      const { status } = await recordOf(gateway, record.run);
      if (status === 'finished' || status === 'failed')
        throw new RedQueenError('failed_precondition', `run ${record.run} is ${status}: nobody would handle the message; drop it`);
      return { messageId: await deadLetters.retry(id), waiting: status !== 'running' };
    },
    DropDeadLetter: async ({ id }) => {
      await deadLetters.drop(id);
      return {};
    },
  };
}
