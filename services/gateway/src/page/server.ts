import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedQueenError, statusOfCode } from '@redqueen/core';
import type { Gateway } from '../gateway.ts';
import { runFolder } from '../run-control/files.ts';
import { pageApi, type Api } from './api.ts';
import { streamEvents } from './events.ts';
import { pageFile } from './files.ts';

/** The live page, served. */
export interface PageServer {
  /** e.g. http://127.0.0.1:7100/ */
  readonly address: string;
  close(): Promise<void>;
}

const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

function reply(response: ServerResponse, status: number, type: string, content: string | Uint8Array): void {
  response.writeHead(status, { ...headers, 'content-type': type, 'content-security-policy': policy });
  response.end(content);
}

/** /runs/<run>/report.html, as it was written. */
async function writtenReport(gateway: Gateway, path: string): Promise<Uint8Array | undefined> {
  const run = /^\/runs\/([A-Za-z0-9_-]+)\/report\.html$/.exec(path)?.[1];
  return run === undefined
    ? undefined
    : readFile(join(runFolder(gateway.context.config.dataDir, run), 'report.html')).catch(() => undefined);
}

async function answer(gateway: Gateway, api: Api, request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://page');
  if (request.method !== 'GET') return reply(response, 405, 'text/plain', 'only GET');
  if (url.pathname === '/events') return streamEvents(gateway, url.searchParams.get('run'), response, signal);
  if (url.pathname.startsWith('/api/')) return reply(response, 200, 'application/json', JSON.stringify(await api(url.pathname)));
  const report = await writtenReport(gateway, url.pathname);
  if (report) return reply(response, 200, 'text/html; charset=utf-8', report);
  const file = await pageFile(url.pathname);
  return file ? reply(response, 200, file.type, file.content) : reply(response, 404, 'text/plain', `there is no ${url.pathname}`);
}

function fail(gateway: Gateway, response: ServerResponse, reason: unknown): void {
  const error = RedQueenError.from(reason);
  if (response.headersSent) return void response.end();
  const status = statusOfCode[error.code] === statusOfCode.not_found ? 404 : 500;
  if (status === 500) gateway.context.logger.warn({ err: reason }, 'the page could not be answered');
  reply(response, status, 'application/json', JSON.stringify({ error: error.message }));
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const why = inUse ? 'is in use by another process' : `cannot be listened on (${(error as Error).message})`;
    throw new RedQueenError(
      'failed_precondition',
      `the live page's port ${host}:${port} ${why}; set gateway.pagePort to another one (0 = any free one)`,
      { cause: error },
    );
  }
  return server.address() as AddressInfo;
}

/** Serves the live page. Throws `failed_precondition` where the port is taken. */
export async function servePage(gateway: Gateway): Promise<PageServer> {
  const { pageHost, pagePort } = gateway.context.config.gateway;
  const closing = new AbortController();
  const api = pageApi(gateway);
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, closing.signal]);
    answer(gateway, api, request, response, signal).catch((reason: unknown) =>
      signal.aborted ? response.end() : fail(gateway, response, reason),
    );
  });
  const { port } = await listen(server, pageHost, pagePort);
  const shown = pageHost === '0.0.0.0' || pageHost === '::' ? '127.0.0.1' : pageHost;
  return {
    address: `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}/`,
    close: async () => {
      closing.abort();
      server.close();
      server.closeAllConnections();
    },
  };
}
