import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../bin/redqueen.mjs');
const folder = mkdtempSync(join(tmpdir(), 'redqueen-pull-'));
const starter = readFileSync(join(projectFolder, 'config/models/starter.gguf'));
let asked = 0;
const server = createServer((request, response) => {
  if (request.url !== '/starter.gguf') return response.writeHead(404).end();
  asked++;
  response.writeHead(200, { 'content-length': starter.length });
  return response.end(request.method === 'HEAD' ? undefined : starter);
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** Runs the command line with a cache of its own. */
function redqueen(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, XDG_CACHE_HOME: folder };
    execFile(process.execPath, [program, 'models', ...words], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

test('a model is pulled into the cache once, and can be named by its address from then on', { timeout: 60_000 }, async () => {
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const address = `${host}/starter.gguf`;
  expect((await redqueen('inspect', address)).stderr).toContain(`fetch it with: redqueen models pull ${address}`);
  const pulled = await redqueen('pull', address, '--json');
  const { file, training } = JSON.parse(pulled.stdout) as { file: string; training: string };
  expect(training).toBe('gradients');
  expect(file.startsWith(join(folder, 'red-queen/models'))).toBe(true);
  expect(readFileSync(file).equals(starter)).toBe(true);
  const before = asked;
  expect((await redqueen('pull', address)).stdout).toContain(`model: ${address}`);
  expect(asked).toBe(before);
  expect((await redqueen('inspect', address)).stdout).toContain(file);
  const list = (await redqueen('list')).stdout.split('\n');
  expect(list.find((line) => line.startsWith(address))).toMatch(/ llama +.* 3\.3 MiB .*gradients/);
  const missing = await redqueen('pull', `${host}/none.gguf`);
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toMatch(/there is no public file at .*none\.gguf/);
  expect((await redqueen('pull', 'starter')).stderr).toContain('model "starter" is no address');
  expect(existsSync(join(folder, 'red-queen/models/starter.gguf'))).toBe(false);
});
