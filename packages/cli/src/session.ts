import { loadConfig } from '@redqueen/runtime';
import { connect, RedQueenError, type RedQueen, type RunInfo } from '@redqueen/sdk';
import { stopRun } from './follow.ts';
import { findCluster, launchCluster } from './launch/index.ts';
import type { CommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** A client of the cluster that a command works with. */
export interface Session {
  readonly client: RedQueen;
  /** Whether this command launched the cluster, which then ends with it. */
  readonly launched: boolean;
  /** Rejects when the launched cluster cannot be kept up; never settles otherwise. */
  readonly failed: Promise<never>;
  /** Closes the client and stops what was launched. */
  close(): Promise<void>;
}

/** What a command may do to get a cluster. */
export interface SessionOptions {
  /** Launch one where none is running. */
  readonly launch: boolean;
  /** Leave runs that were cut off by a crash alone; otherwise they are stopped, so that they do not compete with what is asked for. */
  readonly keep?: string;
}

/** The configuration that a command's options ask for. */
export function configOf(options: CommonOptions) {
  return loadConfig({ file: options.config, flags: { dataDir: options.data, 'bus.kind': options.bus } }).config;
}

function attach(address: string): Session {
  const client = connect(address);
  return { client, launched: false, failed: new Promise(() => {}), close: async () => client.close() };
}

/** Runs that a crash left under way would go on beside the new one: they are stopped, and can be resumed. */
async function stopLeftOvers(client: RedQueen, keep: string | undefined, terminal: Terminal): Promise<void> {
  const left = (await client.runs.list()).filter(({ run, status }) => status === 'running' && run !== keep);
  for (const { run } of left) {
    await stopRun(client, run);
    terminal.say(`Run ${run} had been cut off; it is stopped now. \`redqueen resume ${run}\` goes on with it.`);
  }
}

async function launch(options: CommonOptions, { keep }: SessionOptions, terminal: Terminal): Promise<Session> {
  const cluster = await launchCluster({ config: configOf(options), say: (line) => terminal.say(line) });
  const client = connect(cluster.gateway);
  try {
    await stopLeftOvers(client, keep, terminal);
  } catch (error) {
    client.close();
    await cluster.stop();
    throw error;
  }
  return {
    client,
    launched: true,
    failed: cluster.failed.then((error) => Promise.reject(error)),
    close: async () => {
      client.close();
      await cluster.stop();
    },
  };
}

/**
 * The cluster of `--gateway`, else the one that runs over the data folder, else, where the command may, a fresh one.
 * Throws `unavailable` with what to do where there is none.
 */
export async function openSession(options: CommonOptions, wanted: SessionOptions, terminal: Terminal): Promise<Session> {
  if (options.gateway !== undefined) return attach(options.gateway);
  const config = configOf(options);
  const running = await findCluster(config.dataDir);
  if (running) return attach(running.gateway);
  if (wanted.launch) return launch(options, wanted, terminal);
  throw new RedQueenError(
    'unavailable',
    `no cluster is running over ${config.dataDir}; start one with \`redqueen up\`, or name one with --gateway HOST:PORT`,
  );
}

/** The run that is named, else the newest. Throws `not_found` where there is none. */
export async function chosenRun(client: RedQueen, run: string | undefined): Promise<RunInfo> {
  if (run !== undefined) return client.runs.get(run);
  const [newest] = await client.runs.list();
  if (newest) return newest;
  throw new RedQueenError('not_found', 'there is no run yet; start one with `redqueen run default`');
}
