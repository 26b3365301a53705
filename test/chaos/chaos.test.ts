import { expect, test } from 'vitest';
import { temporaryFolder } from '../runtime/support/folder.ts';
import type { Scenario } from './harness/scenario.ts';
import { kills } from './kills.ts';
import { restarts } from './restarts.ts';

const seed = 1;
const minutes = 60_000;

/** The short form; what depends on how fast the machine is at the moment is printed and not judged. */
async function play(scenario: Scenario, timed: readonly string[], seconds?: number, every?: number) {
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const figures = await scenario.run({ form: 'quick', seed, seconds, every, folder: temporaryFolder(), say });
  for (const { id, value, target, verdict } of figures) lines.push(`${id} ${String(value)} (${target}): ${verdict}`);
  console.log(`seed ${seed}\n${lines.join('\n')}`);
  return figures.filter(({ id, verdict }) => verdict === 'missed' && !timed.includes(id)).map(({ id }) => id);
}

test('services that are killed while a run learns lose nothing and count nothing twice', { timeout: 4 * minutes }, async () => {
  expect(await play(kills, ['R1.resumes', 'R1.throughput', 'R1.ettr'], 9, 3)).toEqual([]);
});

test('services that are restarted in order while a run learns fail no request and repeat nothing', { timeout: 4 * minutes }, async () => {
  expect(await play(restarts, ['R17.ends'])).toEqual([]);
});
