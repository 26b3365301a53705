import type { SampleGroup } from '@redqueen/contract';
import { contextManagers, memoryStores, type Task } from '@redqueen/core';
import { readTask } from '@redqueen/environments';
import { ScriptedPolicy } from '@redqueen/testkit';
import { expect, test } from 'vitest';
import { barely, majorityAnswer, remember } from './contexts.ts';
import { drivers } from './drivers/index.ts';

const sum = readTask('37+45') as Task;
const other = readTask('37+46') as Task;
const memory = () => ({ replay: memoryStores.create({ use: 'replay' }, { seed: 1 }) });
const asked = (task: Task) => ({ run: 'run', task, attempts: 4, temperature: 1, seed: 5 });
const right = new ScriptedPolicy(({ prompt }) => (prompt.endsWith('37+45=') ? '82' : '83'));

const group = (...texts: string[]): SampleGroup =>
  ({ samples: texts.map((text) => ({ text, failure: text === '' ? 'FAILURE_CLASS_TRUNCATED' : 'FAILURE_CLASS_OK' })) }) as SampleGroup;

test('the majority answer and its share of all attempts', () => {
  expect(majorityAnswer(group('82', '83', '82', ''))).toEqual({ answer: '82', share: 0.5 });
  expect(majorityAnswer(group('', ''))).toBeUndefined();
});

test('what was remembered stands before the next task, and training does not see it', async () => {
  const stores = memory();
  const context = contextManagers.create({ use: 'recall' }, { memory: stores });
  const driver = drivers.create({ use: 'plan' }, { context });
  await remember({ context, memory: stores }, sum, await driver.attempt(asked(sum), right));
  const seen = await driver.attempt(asked(other), right);
  expect(right.generated.at(-1)?.prompts[0]?.text).toBe('37+45=82\n37+46=');
  const plain = await drivers.create({ use: 'plan' }, { context: barely }).attempt(asked(other), right);
  expect(seen.prompt).toBe('37+46=');
  expect(seen.samples.map(({ text, tokens }) => ({ text, tokens }))).toEqual(plain.samples.map(({ text, tokens }) => ({ text, tokens })));
});
