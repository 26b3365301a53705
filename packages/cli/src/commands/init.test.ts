import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@redqueen/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../bin/redqueen.mjs');
const folder = temporaryFolder();
const project = join(folder.path, 'My Agents');

/** Runs the command line in a folder. */
function redqueen(cwd: string, ...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], { cwd }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

let made: Awaited<ReturnType<typeof redqueen>>;
beforeAll(async () => {
  made = await redqueen(folder.path, 'init', 'My Agents', '--json');
});
afterAll(() => folder[Symbol.dispose]());

describe('a project made by init', () => {
  test('has a package name made of the folder’s, and packages linked without a network', () => {
    expect(JSON.parse(made.stdout)).toEqual({ folder: project, name: 'my-agents', installed: true });
    expect(readFileSync(join(project, 'recipe.yaml'), 'utf8')).toContain('use: my-agents/tens');
    expect(existsSync(join(project, '.gitignore'))).toBe(true);
    expect(existsSync(join(project, 'node_modules/.bin/redqueen'))).toBe(true);
  });

  test('fits: its recipe, and its environment by the conformance kit', async () => {
    expect(await redqueen(project, 'recipe', 'check', './recipe.yaml')).toMatchObject({ code: 0, stdout: './recipe.yaml: fits\n' });
    const kits = await redqueen(project, 'plugins', 'check', '.', '--json');
    expect(JSON.parse(kits.stdout)).toEqual({ kept: 13, broken: [] });
  });

  test('is never written over something', async () => {
    const again = await redqueen(folder.path, 'init', 'My Agents');
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toMatch(/My Agents is not empty \(it holds .*\); name a new folder/);
    expect((await redqueen(folder.path, 'init', 'other', '--name', 'No Name')).stderr).toMatch(/--name: "No Name" must be a package name/);
    expect(existsSync(join(folder.path, 'other'))).toBe(false);
  });

  test('learns its own task over real llama.cpp, from a cluster of its own', { timeout: 120_000 }, async () => {
    const run = await redqueen(
      project,
      'run',
      './recipe.yaml',
      '--updates',
      '40',
      '--bus',
      'memory',
      '--json',
      '--config',
      configOf(project),
    );
    expect(run.stderr).toContain('in-memory bus');
    const { status, heldOut } = JSON.parse(run.stdout) as { status: string; heldOut: Held };
    expect(status).toBe('finished');
    const { before, after, afterCount } = heldOut.executor['my-agents/tens'].sampled;
    expect(afterCount).toBeGreaterThanOrEqual(40);
    expect(after).toBeGreaterThan(before);
  });

  test('whose environment has no truth, or a wrong one, is told so before anything runs', async () => {
    const truth = join(project, 'src/truth.ts');
    const text = readFileSync(truth, 'utf8');
    writeFileSync(truth, text.replace('number + some', 'number - some'));
    const wrong = await redqueen(project, 'plugins', 'check', '.');
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/environment my-agents\/tens: 1[01] of 13 promises kept\n {2}broken: the oracle's answer is right/);
    writeFileSync(truth, text.replace('truths = [tens]', 'truths = []'));
    const missing = await redqueen(project, 'run', './recipe.yaml', '--bus', 'memory', '--config', configOf(project));
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('no truth of an environment "my-agents/tens"; add one of that name to the truths');
  });
});

interface Held {
  readonly executor: { readonly 'my-agents/tens': { readonly sampled: { before: number; after: number; afterCount: number } } };
}

const services = ['policy', 'proposer', 'executor', 'verifier', 'world-model', 'curriculum', 'reward-aggregator', 'gateway'];

/** A configuration in which every port is a free one. */
function configOf(where: string): string {
  const file = join(where, 'redqueen.yaml');
  const ports = services.map((name) => `  ${name}: { port: 0 }`).join('\n');
  writeFileSync(file, `services:\n${ports}\ngateway: { pagePort: 0 }\n`);
  return file;
}
