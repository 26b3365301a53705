import { RedQueenError } from '@redqueen/core';
import { createConnection } from 'node:net';

/** What a nats-server says of itself when a connection opens. */
export interface ServerInfo {
  readonly version: string;
  /** Whether JetStream is on. */
  readonly jetstream: boolean;
}

function hostAndPort(url: string): { host: string; port: number } {
  try {
    const { hostname, port } = new URL(url.includes('://') ? url : `nats://${url}`);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 4222 : Number(port) };
  } catch (error) {
    throw new RedQueenError('invalid_argument', `NATS address ${JSON.stringify(url)} must look like nats://127.0.0.1:4222`, {
      cause: error,
    });
  }
}

/** The greeting of a nats-server: INFO and one line of JSON (https://docs.nats.io/reference/reference-protocols/nats-protocol#info). */
function readGreeting(text: string): ServerInfo | undefined {
  const line = /^INFO (\{.*\})\s*$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  const info = JSON.parse(line) as { version?: string; jetstream?: boolean };
  return { version: info.version ?? 'unknown', jetstream: info.jetstream === true };
}

/**
 * Reads the greeting of the server at an address. The greeting comes before any authentication, so that this needs no credentials.
 * Throws `unavailable` where nobody answers, or no nats-server, within `timeoutMs`.
 */
export function probeNats(url: string, timeoutMs: number): Promise<ServerInfo> {
  const { host, port } = hostAndPort(url);
  const { promise, resolve, reject } = Promise.withResolvers<ServerInfo>();
  const socket = createConnection({ host, port });
  const fail = (why: string) => reject(new RedQueenError('unavailable', `no nats-server answers at ${url}: ${why}`));
  let text = '';
  socket.setTimeout(timeoutMs, () => fail(`nothing came within ${timeoutMs} ms`));
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('the connection was closed'));
  socket.on('data', (chunk) => {
    text += chunk.toString('utf8');
    try {
      const info = readGreeting(text);
      if (info) resolve(info);
      // Anything else greets differently, or not within a sensible length.
      else if (!'INFO '.startsWith(text.slice(0, 5)) || text.length > 65_536) fail('something else listens there');
    } catch {
      fail('its greeting cannot be read');
    }
  });
  return promise.finally(() => socket.destroy());
}

/** Throws `failed_precondition`, naming the fix, unless the first server of the address that answers has JetStream. */
export async function requireJetStream(urls: string): Promise<ServerInfo> {
  let failure: unknown;
  for (const url of urls.split(',').map((part) => part.trim())) {
    const info = await probeNats(url, 2000).catch((error: unknown) => void (failure ??= error));
    if (!info) continue;
    if (info.jetstream) return info;
    const fix = 'start it with -js, or `jetstream {}` in its configuration, or unset NATS_URL and bus.url to have one started';
    throw new RedQueenError('failed_precondition', `the nats-server at ${url} runs without JetStream: ${fix}`);
  }
  throw failure;
}
