import { childEnvironment, exitCodes, processEnvironment, projectFolder, type ServiceName } from '@redqueen/runtime';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Life } from './supervisor.ts';

/** A service process to begin. */
export interface ServiceProcessOptions {
  readonly name: ServiceName;
  /** The resolved configuration. */
  readonly configFile: string;
  /** Its lines are appended here. */
  readonly logFile: string;
  /** Where Node keeps compiled modules from one start to the next. */
  readonly compileCache: string;
  /** The same at every start of the service: each is started after the end of the one before. */
  readonly instance: string;
}

/** Eight small heaps instead of one: without these bounds V8 lets a third of the memory of all services together be garbage. */
const nodeOptions = ['--max-semi-space-size=4', '--optimize-for-size', '--heap-growing-percent=30'];

/** A little more than the grace period that a service gives itself. */
const killAfterMs = 12_000;

function spawnService({ name, configFile, logFile, compileCache, instance }: ServiceProcessOptions): ChildProcess {
  const environment = processEnvironment();
  const log = openSync(logFile, 'a');
  try {
    return spawn(process.execPath, [...nodeOptions, join(projectFolder, 'services', name, 'src/main.ts')], {
      // The channel tells the service when this process is gone.
      stdio: ['ignore', log, log, 'ipc'],
      env: { NODE_COMPILE_CACHE: compileCache, ...childEnvironment(environment, configFile, instance) },
      // Ctrl-C at a terminal must reach the launcher alone, which stops the services in order.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

/** Begins a service as a process of its own. */
export async function beginService(options: ServiceProcessOptions): Promise<Life> {
  const child = spawnService(options);
  let said = '';
  child.on('message', (message) => {
    const { failed } = message as { failed?: string };
    if (failed !== undefined) said = failed;
  });
  const ended = new Promise<Awaited<Life['ended']>>((resolve) => {
    // Only where it never began: of a process that lives another one must not be started.
    child.on('error', (error) => child.pid === undefined && resolve({ reason: error.message, hopeless: true }));
    // Not 'exit': a last message may still be on its way.
    child.once('close', (code, signal) =>
      resolve({
        reason: said || (signal ? `killed by ${signal}` : `exit code ${code}; see ${options.logFile}`),
        hopeless: code === exitCodes.hopeless,
      }),
    );
  });
  return {
    pid: child.pid,
    ended,
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    },
  };
}
