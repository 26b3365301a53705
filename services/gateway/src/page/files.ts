import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { readFile } from 'node:fs/promises';

const webFolder = join(import.meta.dirname, '../../web');
/** Where npm put uPlot: the chart library comes from this machine, never from the network. */
const chartFolder = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file that the page needs. */
export interface PageFile {
  readonly type: string;
  readonly content: Uint8Array;
}

/** The file behind a path such as /app.js or /vendor/uPlot.esm.js; undefined where there is none. Only plain names: nothing outside the two folders can be named. */
export async function pageFile(path: string): Promise<PageFile | undefined> {
  const name = path === '/' ? 'index.html' : path.replace(/^\/(vendor\/)?/, '');
  const type = types[extname(name)];
  if (!type || !/^[A-Za-z0-9-]+(\.[A-Za-z0-9]+)+$/.test(name)) return undefined;
  const file = join(path.startsWith('/vendor/') ? chartFolder : webFolder, name);
  const content = await readFile(file).catch(() => undefined);
  return content && { type, content };
}
