import { RedQueenError, type RunRecord } from '@redqueen/core';
import type { LedgerEntry, LedgerSource } from '@redqueen/reward-aggregator/audit';
import {
  addresses,
  createMemoryBus,
  createNatsBus,
  DeadLetters,
  headFileOf,
  loadPlugins,
  markedSequence,
  obtainNats,
  processEnvironment,
  readHead,
  Runs,
  silentLogger,
  startNatsServer,
  systemClock,
  type Bus,
  type Config,
} from '@redqueen/runtime';
import { constants, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findCluster, lockFolder } from './folder-lock.ts';

export type { ExplainedAgent, ExplainedTurn, Explanation, LedgerSource, Replay, Verification } from '@redqueen/reward-aggregator/audit';

/** What can be done with a ledger; loaded only where it is asked for. */
export const audit = () => import('@redqueen/reward-aggregator/audit');

type Opened = { readonly bus: Bus; readonly close: () => Promise<void> };

async function natsAt(url: string, after: () => Promise<void> | void = () => undefined): Promise<Opened> {
  const bus = await createNatsBus({ url, name: 'ledger', clock: systemClock, logger: silentLogger });
  return { bus, close: () => bus.close().then(after) };
}

/** A copy of the journal: one that is being written to is a prefix of itself, and nobody's lock is needed. */
async function journalOf(dataDir: string): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'redqueen-ledger-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    copyFileSync(join(dataDir, 'bus', 'bus.journal'), join(folder, 'bus.journal'), constants.COPYFILE_FICLONE);
    const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger, folder });
    return { bus, close: () => bus.close().then(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

/** A nats-server over the store of a cluster that is not running, for as long as it is looked at. */
async function storeOf(config: Config): Promise<Opened> {
  const lock = lockFolder(config.dataDir);
  try {
    const source = await obtainNats(config, processEnvironment(), silentLogger);
    if (source.kind === 'none') throw new RedQueenError('failed_precondition', `the ledger is in a NATS store: ${source.hint}`);
    if (source.kind === 'running') return await natsAt(source.url, () => lock.release());
    const server = await startNatsServer({ program: source.program, dataDir: config.dataDir, port: 0, clock: systemClock });
    return await natsAt(server.url, () => server.stop().then(() => lock.release()));
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The bus of the cluster over the data folder, whether it is running or not. Throws `not_found` where nothing was ever stored there. */
async function openBus(config: Config): Promise<Opened> {
  const { dataDir } = config;
  const running = await findCluster(dataDir);
  if (running?.kind === 'nats') {
    const resolved = parse(readFileSync(join(dataDir, 'cluster.yaml'), 'utf8')) as Config;
    return natsAt(resolved.bus.url);
  }
  const hasJournal = existsSync(join(dataDir, 'bus', 'bus.journal'));
  if (running?.kind === 'memory' || config.bus.kind === 'memory' || (hasJournal && !existsSync(join(dataDir, 'nats')))) {
    if (hasJournal) return journalOf(dataDir);
  } else if (config.bus.url || existsSync(join(dataDir, 'nats'))) return storeOf(config);
  throw new RedQueenError('not_found', `${dataDir} holds no ledger; name the cluster's folder with --data, or its server with NATS_URL`);
}

async function recordOf(bus: Bus, run: string | undefined): Promise<RunRecord> {
  const runs = await Runs.open(bus);
  const record = run === undefined ? (await runs.list())[0] : await runs.get(run);
  if (record) return record;
  throw new RedQueenError('not_found', run === undefined ? 'there is no run in the store' : `there is no run ${run} in the store`);
}

/** Every message of the run's stream, those that cannot be decoded included. */
async function* entriesOf(bus: Bus, run: string, signal: AbortSignal): AsyncGenerator<LedgerEntry> {
  const unreadable: LedgerEntry[] = [];
  const onUnreadable = (sequence: number, _reason: string, bytes: Uint8Array): void => void unreadable.push({ sequence, bytes });
  for await (const stored of bus.read(run, { from: 1, follow: false, signal, onUnreadable })) {
    yield* unreadable.splice(0);
    yield stored;
  }
  yield* unreadable;
}

/**
 * Opens the ledger of a run, the newest when none is named, hands it to `work` and closes it again. Reads the store of a running cluster beside it, and that of
 * one that is not running without starting any service. Throws `not_found` where there is no such run.
 */
export async function withLedger<Result>(
  config: Config,
  run: string | undefined,
  signal: AbortSignal,
  work: (source: LedgerSource) => Promise<Result>,
): Promise<Result> {
  const { bus, close } = await openBus(config);
  try {
    const record = await recordOf(bus, run);
    const head = readHead(headFileOf(config.dataDir, record.run));
    return await work({
      record,
      plugins: await loadPlugins(record.recipe.plugins),
      skipped: await (await DeadLetters.open(bus, systemClock)).skipped(record.run, addresses.rewardAggregator),
      head: head?.startedAt === record.startedAt ? head : undefined,
      marked: markedSequence(config.dataDir, record),
      entries: () => entriesOf(bus, record.run, signal),
    });
  } finally {
    await close();
  }
}
