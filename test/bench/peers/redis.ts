import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { systemClock } from '@redqueen/runtime';
import { temporaryFolder } from '@redqueen/testkit';

/** A redis-server of our own. */
export interface TestRedis extends AsyncDisposable {
  readonly port: number;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

/** Starts one on a free port in a folder of its own; `durable`: with the append-only file, synced every second. Throws where there is no redis-server. */
export async function startRedis(durable: boolean): Promise<TestRedis> {
  const folder = temporaryFolder();
  const port = await freePort();
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder.path, '--save', '', '--appendonly', durable ? 'yes' : 'no'];
  const child = spawn('redis-server', [...words, '--appendfsync', 'everysec'], { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  process.once('exit', () => child.kill('SIGKILL'));
  await Promise.race([failed, once(child, 'spawn')]).catch((cause: unknown) => {
    folder[Symbol.dispose]();
    throw new Error('no redis-server: apt-get install -y --no-install-recommends redis-server', { cause });
  });
  while (!(await answers(port))) await systemClock.sleep(20);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      folder[Symbol.dispose]();
    },
  };
}
