import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { expect, test } from 'vitest';
import type { Row } from './measure.ts';
import { type PeerRecord, pageWith, readRecord, tablesText } from './page.ts';

const row = (name: string, window: number): Row => ({
  kind: 'durable tell',
  window,
  count: 100,
  name,
  persists: 'all',
  confirms: 'stored',
  rate: { value: 1234.5, low: 1000, high: 1500 },
  p50: 0.5,
  p99: 2.25,
  processor: 41.27,
});
const record: PeerRecord = {
  machine: { processor: 'Test 3000', cores: 2, memoryBytes: 2 ** 34, platform: 'linux x64', node: 'v24' },
  date: '2026-01-01',
  load: { average: 0.5, steal: 0, pressure: 0.1, foreign: 0.02 },
  rounds: 9,
  rows: [row('ours', 1), row('theirs', 1), row('ours', 256)],
};

test('a table for each kind and window, a line for each system, with what it persists and confirms', () => {
  const text = tablesText(record);
  expect(text.match(/^### .*$/gm)).toEqual([
    '### durable tell, one after the other; 100 a round',
    '### durable tell, 256 at once; 100 a round',
  ]);
  expect(text).toContain('| theirs | all | stored | 1235 [1000, 1500] | 0.5 | 2.25 | 41.3 |');
  expect(text).toContain('load 0.5, others 2 %');
});

test('the page shows the record as it is: npm run bench:peers -- --record', () => {
  const page = readFileSync(join(projectFolder, 'docs/peers.md'), 'utf8');
  const recorded = readRecord();
  expect(pageWith(page, recorded ? tablesText(recorded) : 'Nothing has been recorded yet.')).toBe(page);
});

test('peers are exact versions, and no dependency of the project', () => {
  const packageOf = (folder: string) => JSON.parse(readFileSync(join(projectFolder, folder, 'package.json'), 'utf8'));
  const peers: Record<string, string> = packageOf('test/bench/peers').dependencies;
  const own = { ...packageOf('.').dependencies, ...packageOf('.').devDependencies };
  for (const [name, version] of Object.entries(peers)) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(own).not.toHaveProperty(name);
  }
});
