// Pulling from a server on this machine that stands in for the hub: it serves ranges, and can break connections.
import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/tiny-model.ts';
import { pullModel } from './pull-model.ts';
import { modelShapes } from '../testing/model-shapes.ts';
import { writeRandomModel } from '../testing/random-model.ts';

const folder = temporaryFolder();
const files = new Map<string, Buffer>();
const server = createServer(answer);
let hub = '';
/** The downloader asks for pieces of 5 MiB. Those from this byte on are cut, and after how many of them that ends. */
const lastPiece = 10 << 20;
let cut = { times: 0, silent: false };
/** Ranges that were asked for. */
let asked: string[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const whole = files.get((request.url ?? '').split('?')[0] as string);
  if (whole === undefined) {
    response.writeHead(404).end('no such file');
    return;
  }
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
  const [start, end] = range === null ? [0, whole.length] : [Number(range[1]), range[2] === '' ? whole.length : Number(range[2]) + 1];
  const part = whole.subarray(start, end);
  response.writeHead(range === null ? 200 : 206, {
    'content-length': part.length,
    'accept-ranges': 'bytes',
    etag: '"one"',
    ...(range !== null && { 'content-range': `bytes ${start}-${start + part.length - 1}/${whole.length}` }),
  });
  if (request.method === 'HEAD') return void response.end();
  if (range !== null) asked.push(range[0]);
  if (cut.times === 0 || range === null || start < lastPiece) return void response.end(part);
  cut.times--;
  const { silent } = cut;
  return void response.write(part.subarray(0, 1_000_000), () => silent || response.destroy());
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const large = join(folder.path, 'large.gguf');
  writeRandomModel(large, { ...modelShapes['smollm2-135m'], layers: 1, vocabulary: 20_000 });
  files.set('/user/repo/resolve/main/model.gguf', readFileSync(large));
  files.set('/user/repo/resolve/main/text.gguf', Buffer.from('this is no model at all'));
});
beforeEach(() => {
  cut = { times: 0, silent: false };
  asked = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  folder.dispose();
});

const model = (): Buffer => files.get('/user/repo/resolve/main/model.gguf') as Buffer;

it('fetches a file from the hub, whole and under its name, and tells how far it is', async () => {
  const file = join(folder.path, 'plain/model.gguf');
  let last = { done: 0, total: 0 };
  await pullModel({ address: 'hf:user/repo/model.gguf', file, hub, onProgress: (progress) => (last = progress) });
  expect(readFileSync(file).equals(model())).toBe(true);
  expect(last).toEqual({ done: model().length, total: model().length });
});

it('goes on after the connection breaks, without fetching again what is there', async () => {
  const file = join(folder.path, 'cut/model.gguf');
  cut = { times: 1, silent: false };
  await pullModel({ address: `${hub}user/repo/resolve/main/model.gguf`, file });
  expect(cut.times).toBe(0);
  expect(readFileSync(file).equals(model())).toBe(true);
  expect(asked.filter((range) => range.startsWith('bytes=0-'))).toHaveLength(1);
});

it('is broken off by its signal, and goes on where it stopped when it is asked for again', async () => {
  const file = join(folder.path, 'interrupted/model.gguf');
  cut = { times: 1, silent: true };
  const request = { address: `${hub}user/repo/resolve/main/model.gguf`, file };
  const interrupted = new AbortController();
  mkdirSync(dirname(file));
  // The downloader notes behind the data which pieces it has; once that is on disk, even a killed process loses nothing of them.
  const watcher = watch(dirname(file), () => {
    const noted = readdirSync(dirname(file)).map((name) =>
      readFileSync(join(dirname(file), name))
        .subarray(model().length)
        .toString(),
    );
    if (/"chunks":\[2,2/.test(noted[0] ?? '')) interrupted.abort();
  });
  const first = pullModel({ ...request, signal: interrupted.signal });
  await expect(first).rejects.toMatchObject({ code: 'cancelled' });
  watcher.close();
  expect(existsSync(file)).toBe(false);
  asked = [];
  await pullModel(request);
  expect(readFileSync(file).equals(model())).toBe(true);
  // Two of three pieces were whole.
  expect(asked.filter((range) => range.startsWith('bytes=0-'))).toEqual([]);
});

it.each([
  ['a file that does not exist', 'hf:user/repo/none.gguf', 'not_found', /there is no public file at hf:user\/repo\/none\.gguf/],
  ['a file that is no model', 'hf:user/repo/text.gguf', 'invalid_argument', /hf:user\/repo\/text\.gguf is no GGUF file/],
  ['a host that does not answer', 'http://127.0.0.1:9/model.gguf', 'unavailable', /http:\/\/127\.0\.0\.1:9\/model\.gguf cannot be fetched/],
] as const)('refuses %s, and leaves no model behind', async (_, address, code, message) => {
  const file = join(folder.path, 'refused/model.gguf');
  await expect(pullModel({ address, file, hub })).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect(existsSync(file)).toBe(false);
});
