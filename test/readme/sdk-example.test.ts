import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataFolder, redqueen, root, type Running } from '../e2e/cluster.ts';

const example = readFileSync(join(import.meta.dirname, 'sdk-example.ts'), 'utf8');
const folder = dataFolder();
let cluster: Running;
let gateway: string;

beforeAll(async () => {
  cluster = redqueen(folder.path, 'up', '--json');
  ({ gateway } = JSON.parse(await cluster.line(/"gateway"/)) as { gateway: string });
}, 60_000);

afterAll(async () => {
  cluster.process.kill('SIGINT');
  await cluster.ended;
  folder.remove();
}, 30_000);

test('the README shows the example that is run here, word by word', () => {
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`ts\n${example}\`\`\``);
});

test('the example starts a run, watches it to its end and asks the executor', { timeout: 120_000 }, async () => {
  expect(example).toContain("'127.0.0.1:7108'");
  // Beside the example, so that it finds the packages; the address is all that differs.
  const file = join(import.meta.dirname, `.sdk-example-${process.pid}.ts`);
  writeFileSync(file, example.replace('127.0.0.1:7108', gateway));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: root });
    const lines = stdout.trim().split('\n');
    expect(lines.at(-2)).toMatch(/^finished, 4 updates, held-out accuracy 0\.\d+$/);
    expect(lines.at(-1)).toMatch(/^37\+45=\d+, says executor v\d+$/);
  } finally {
    rmSync(file);
  }
});
