import type { Kind, Message } from '@redqueen/contract';
import { resolveRecipe, type RunRecord } from '@redqueen/core';

const role = (batch: number) => ({
  optimizer: { use: 'grpo', learningRate: 0.001 },
  rewards: [{ use: 'outcome', weight: 1 }],
  credit: { use: 'group-normalised' },
  batch,
});

/** A small run's record: two environments, five arms. For tests. */
export function recordOf(patch: object = {}, seed = 7): RunRecord {
  const recipe = resolveRecipe(
    {
      name: 'test',
      model: 'starter',
      updates: 100,
      environments: [
        { use: 'arithmetic', families: { add: [1, 2, 3] } },
        { use: 'strings', families: { sort: [1, 2] } },
      ],
      curriculum: { use: 'learning-progress' },
      roles: { executor: role(16), proposer: role(8), verifier: role(8), 'world-model': role(8) },
    },
    patch,
  );
  return { run: 'run', recipe, seed, updates: 100, status: 'running', startedAt: 0 };
}

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
