import {
  cacheFolder,
  childEnvironment,
  connectRpc,
  findNatsServer,
  healthProbe,
  processEnvironment,
  serviceNames,
  startNatsServer,
  systemClock,
  type Client,
  type NatsServer,
} from '@redqueen/runtime';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterTest } from './folder.ts';

/** The nats-server of this machine; undefined where there is none. */
export const natsServer = findNatsServer({ named: '', environment: processEnvironment(), cacheFolder: cacheFolder(processEnvironment()) });

/** A nats-server over a folder, stopped after the test. */
export async function natsOver(dataDir: string): Promise<NatsServer> {
  const server = await startNatsServer({ program: natsServer ?? '', dataDir, port: 0, clock: systemClock });
  afterTest(() => server.stop());
  return server;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A process of the echo service. */
export interface EchoProcess {
  readonly child: ChildProcess;
  readonly client: Client<'ProposerService'>;
  /** Everything that it has logged. */
  readonly log: () => string;
  /** Resolves once it is SERVING. */
  whenServing(): Promise<void>;
  /** Its exit code, or the signal that killed it. */
  readonly ended: Promise<number | string>;
}

/** Starts the echo service as a process; it is killed after the test if it still runs. */
export async function echoProcess(folder: string, settings: object, ...words: string[]): Promise<EchoProcess> {
  const port = await freePort();
  const services = Object.fromEntries(serviceNames.map((name) => [name, { host: '127.0.0.1', port: name === 'proposer' ? port : 1 }]));
  const file = join(folder, 'echo.json');
  writeFileSync(file, JSON.stringify({ dataDir: folder, services, ...settings }));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'echo-service.ts'), ...words], {
    env: childEnvironment(processEnvironment(), file),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  // 'close' never comes where the test itself closes the channel.
  const ended = Promise.all([once(child, 'exit'), child.stderr && once(child.stderr, 'end')]).then(
    ([[code, signal]]) => (code ?? signal) as number | string,
  );
  const client = connectRpc('ProposerService', `127.0.0.1:${port}`);
  const probe = healthProbe(`127.0.0.1:${port}`);
  afterTest(() => {
    client.close();
    probe.close();
    child.kill('SIGKILL');
    return ended;
  });
  return {
    child,
    client,
    log: () => log,
    ended,
    async whenServing() {
      while ((await probe.check(500)) !== 'SERVING') {
        if (child.exitCode !== null) throw new Error(`the service ended: ${log}`);
        await systemClock.sleep(20);
      }
    },
  };
}
