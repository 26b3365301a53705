import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killProcess, pauseProcess, startNatsProcess } from './nats-process.ts';

/** A nats-server of a test's own. */
export interface TestNats {
  /** nats://127.0.0.1:port; the same after a restart. */
  readonly url: string;
  /** SIGKILL: as when the machine takes it away. */
  kill(): Promise<void>;
  /** Stops it from answering, without ending it. */
  pause(): void;
  /** Lets a paused one go on. */
  resume(): void;
  /** Starts it again on the same store and port. */
  restart(): Promise<void>;
  /** Ends it and removes its store. */
  close(): Promise<void>;
}

/** What to change of a test's server. */
export interface TestNatsOptions {
  /** False: without JetStream, as Debian's own service runs it. */
  readonly jetStream?: boolean;
  /** Where to keep the store, which is then not removed at the end; a temporary folder when left out. */
  readonly store?: string;
}

/** Starts a real nats-server on a free port, with a store that is removed again. Throws where there is no nats-server. */
export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const folder = mkdtempSync(join(tmpdir(), 'redqueen-nats-'));
  const jetStream = options.jetStream === false ? [] : ['-js', '-sd', options.store ?? join(folder, 'store')];
  const start = (port: number) => startNatsProcess({ folder, args: ['-a', '127.0.0.1', '-p', `${port}`, ...jetStream] });
  let [child, { nats: url }] = await start(-1);
  const port = Number(new URL(url).port);
  return {
    url,
    kill: () => killProcess(child),
    pause: () => pauseProcess(child),
    resume: () => void child.kill('SIGCONT'),
    restart: async () => {
      [child, { nats: url }] = await start(port);
    },
    close: async () => {
      await killProcess(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
