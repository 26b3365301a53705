import type { Body, Kind, Message } from '@redqueen/contract';
import type { RunRecord } from '@redqueen/core';
import {
  createNatsBus,
  findNatsServer,
  cacheFolder,
  processEnvironment,
  Runs,
  silentLogger,
  startNatsServer,
  systemClock,
} from '@redqueen/runtime';
import { collected } from '@redqueen/testkit';
import { replayFaults } from './replay.ts';

/** What came of a run, counted from its stream alone. */
export interface Counts {
  /** Updates that are part of the lineage, by agent. */
  readonly updates: Readonly<Record<string, number>>;
  /** Versions decided, by agent; version 0 is one. */
  readonly versions: Readonly<Record<string, number>>;
  /** Batches trained on, by agent. */
  readonly batches: Readonly<Record<string, number>>;
  /** Episodes of slots that were settled. */
  readonly settled: number;
  readonly messages: number;
}

/** A run's ledger, and everything that is wrong with it. */
export interface Ledger {
  readonly record: RunRecord;
  readonly counts: Counts;
  readonly faults: readonly string[];
}

/** Reads a run's record and stream from the store of a cluster that is not running. */
async function stored(folder: string, run: string): Promise<{ record: RunRecord; messages: Message[] }> {
  const environment = processEnvironment();
  const program = findNatsServer({ named: environment['NATS_SERVER_BIN'] ?? '', environment, cacheFolder: cacheFolder(environment) });
  if (!program) throw new Error('this test needs a nats-server: apt-get install nats-server');
  const server = await startNatsServer({ program, dataDir: folder, port: 0, clock: systemClock });
  try {
    await using bus = await createNatsBus({ url: server.url, name: 'ledger', clock: systemClock, logger: silentLogger });
    const record = await (await Runs.open(bus)).get(run);
    if (!record) throw new Error(`there is no record of run ${run}`);
    return { record, messages: (await collected(bus.read(run, { from: 1, follow: false }))).map(({ message }) => message) };
  } finally {
    await server.stop();
  }
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function ofKind<K extends Kind>(messages: readonly Message[], kind: K): Body<K>[] {
  return messages.flatMap((message) => (message.kind === kind ? [message.body as Body<K>] : []));
}

/** Every version is decided once, and each goes on from where the last commit ended. */
function lineageFaults(messages: readonly Message[]): string[] {
  const decided = [...ofKind(messages, 'released'), ...ofKind(messages, 'refused')].map(({ agent, version }) => `${agent} v${version}`);
  const faults = repeated(decided).map((name) => `${name} was decided twice`);
  const consumed = new Map<string, number>();
  const versions = new Map<string, number>();
  for (const { agent, version, consumedBatches } of ofKind(messages, 'candidate')) {
    if (version <= (versions.get(agent) ?? 0)) faults.push(`${agent} v${version} comes after v${versions.get(agent)}`);
    if (consumedBatches <= (consumed.get(agent) ?? 0))
      faults.push(`${agent} v${version} was trained on batches that an earlier version was trained on`);
    versions.set(agent, version);
    consumed.set(agent, consumedBatches);
  }
  return faults;
}

/** Settlements form one chain, an episode settles once, batches are numbered without a gap. */
function settlementFaults(messages: readonly Message[]): string[] {
  const settlements = ofKind(messages, 'settlement');
  const faults = repeated(settlements.map(({ episodeId }) => episodeId)).map((episode) => `episode ${episode} was settled twice`);
  for (const [index, { episodeId, previousDigest }] of settlements.entries())
    if (index > 0 && previousDigest !== settlements[index - 1]?.digest) faults.push(`the chain is broken at episode ${episodeId}`);
  const numbers = new Map<string, number>();
  for (const { agent, number } of ofKind(messages, 'batch')) {
    if (number !== (numbers.get(agent) ?? 0) + 1) faults.push(`${agent}: batch ${number} comes after batch ${numbers.get(agent) ?? 0}`);
    numbers.set(agent, number);
  }
  return faults;
}

function countsOf(messages: readonly Message[]): Counts {
  const released = ofKind(messages, 'released');
  const decided = [...released, ...ofKind(messages, 'refused')];
  const agents = [...new Set(decided.map(({ agent }) => agent))].toSorted();
  const by = (value: (agent: string) => number) => Object.fromEntries(agents.map((agent) => [agent, value(agent)]));
  const most = (numbers: readonly number[]) => Math.max(0, ...numbers);
  const candidates = ofKind(messages, 'candidate');
  return {
    updates: by((agent) => most(decided.filter((each) => each.agent === agent).map(({ updates }) => updates))),
    versions: by((agent) => decided.filter((each) => each.agent === agent).length),
    batches: by((agent) => most(candidates.filter((each) => each.agent === agent).map(({ consumedBatches }) => consumedBatches))),
    settled: ofKind(messages, 'settlement').filter(
      ({ episodeId, status }) => /^\d+\.\d+\.\d+$/.test(episodeId) && status === 'SETTLEMENT_STATUS_SETTLED',
    ).length,
    messages: messages.length,
  };
}

/** Examines the ledger of a run whose cluster is not running. */
export async function ledgerOf(folder: string, run: string): Promise<Ledger> {
  const { record, messages } = await stored(folder, run);
  const twice = repeated(messages.map(({ id }) => id)).map((id) => `message ${id} is stored twice`);
  const faults = [...twice, ...lineageFaults(messages), ...settlementFaults(messages), ...replayFaults(record, messages)];
  return { record, counts: countsOf(messages), faults };
}
