import type { Kind, Message } from '@redqueen/contract';

/** A message to the curriculum, as it comes off the wire. For tests. */
export function messageOf<K extends Kind>(kind: K, body: Extract<Message, { kind: K }>['body'], id = 'm'): Message {
  const address = { role: 'gateway', key: '0' };
  return { id, run: 'run', from: address, to: { role: 'curriculum', key: '0' }, cause: '', traceparent: '', kind, body } as Message;
}

/** Control. */
export const control = (command: string): Message => messageOf('control', { command, agent: '', version: 0, reason: '' });

/** A release of the executor with the same gate accuracy on every arm. */
export function release(version: number, more: Partial<Extract<Message, { kind: 'released' }>['body']> = {}): Message {
  return messageOf('released', {
    agent: 'executor/0',
    version,
    adapterHash: '',
    reason: version === 0 ? 'start' : 'gate',
    sourceVersion: version,
    updates: 0,
    figures: [],
    arms: [],
    passToFail: 0,
    failToPass: 0,
    last: false,
    ...more,
  });
}

/** A settlement of a task's episode. */
export function settlement(episodeId: string, more: Partial<Extract<Message, { kind: 'settlement' }>['body']> = {}): Message {
  return messageOf('settlement', {
    episodeId,
    slotId: episodeId.slice(0, episodeId.lastIndexOf('.')),
    status: 'SETTLEMENT_STATUS_SETTLED',
    reason: '',
    totals: [],
    spec: { environment: 'arithmetic', family: 'add', level: 1, canonical: '37+4', origin: 'proposer' },
    attempts: 8,
    solved: 4,
    digest: '',
    previousDigest: '',
    index: 1,
    duplicates: 0,
    ...more,
  });
}
