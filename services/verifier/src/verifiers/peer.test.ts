import type { Task } from '@redqueen/core';
import { environmentByName } from '@redqueen/environments';
import { ScriptedPolicy } from '@redqueen/testkit';
import { expect, test } from 'vitest';
import { verifiers } from './index.ts';

test('an answer is right where a peer scored it 3, and nobody is asked', async () => {
  const policy = new ScriptedPolicy(() => '1');
  const peer = verifiers.create({ use: 'peer' }, { policy });
  const task = environmentByName('arithmetic').parse('37+4') as Task;
  const answered = [3, 2, 1, undefined].map((score) => ({ task, answer: '41', ...(score !== undefined && { score }) }));
  expect((await peer.verify({ run: 'run' }, answered)).map(({ confidence }) => confidence)).toEqual([1, 0.5, 0, 0.5]);
  expect([...policy.generated, ...policy.scored]).toEqual([]);
});
