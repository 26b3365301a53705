import { expect, test } from 'vitest';
import { memoryStores } from '../memories/index.ts';
import { contextManagers, scopeOf } from './index.ts';

const task = { environment: 'arithmetic', family: 'add', level: 1, canonical: '3+4' };
const situation = { role: 'executor', task, prompt: '3+4=' } as const;

test('linear shows the prompt, and training the same', async () => {
  const linear = contextManagers.create({ use: 'linear' }, { memory: {} });
  expect(await linear.build(situation)).toEqual({ prompt: '3+4=', forTraining: '3+4=' });
});

test('recall shows similar experiences, the nearest last, never the task itself; training sees the task alone', async () => {
  const replay = memoryStores.create({ use: 'replay' }, { seed: 1 });
  const recall = contextManagers.create({ use: 'recall', options: { count: 2 } }, { memory: { replay } });
  expect(await recall.build(situation)).toEqual({ prompt: '3+4=', forTraining: '3+4=' });
  const write = (about: string, content: string, merit: number) => replay.write({ scope: scopeOf(situation), about, content, merit });
  await write('3+5=', '8', 1);
  await write('9+9=', '18', 1);
  await write('3+4=', '7', 1);
  await write('3+6=', '8', 0.2);
  const { prompt, forTraining } = await recall.build(situation);
  expect(prompt).toBe('9+9=18\n3+5=8\n3+4=');
  expect(forTraining).toBe('3+4=');
  const kept = contextManagers.create({ use: 'recall', options: { count: 2, strip: false } }, { memory: { replay } });
  expect((await kept.build(situation)).forTraining).toBe(prompt);
});

test('a memory that the recipe lacks is named', () => {
  expect(() => contextManagers.create({ use: 'recall', options: { memory: 'old' } }, { memory: {} }, 'context')).toThrow(
    /context: memory: the recipe has no memory "old".*add memory\.old/,
  );
});
