import { addressOf } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { systemClock, tellFromOutside } from '@redqueen/runtime';
import type { ChaosCluster } from './cluster.ts';
import { type Findings, InteractionAudit } from './interactions.ts';
import { foldDifferences } from './refolded.ts';

/** What an audit of a run came to. */
export interface Audited extends Findings {
  readonly audit: InteractionAudit;
  /** How long it took until everything that was begun had ended, in seconds; infinity where it never did. */
  readonly drainSeconds: number;
}

/** What may be open for so long is open for ever. */
const patienceMs = 60_000;

/** Reads the run's stream until everything that was begun has ended, or nothing has come for long. */
async function readToTheEnd(cluster: ChaosCluster, run: string): Promise<InteractionAudit> {
  const audit = new InteractionAudit();
  const last = await cluster.bus.lastSequence(run);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patienceMs);
  try {
    for await (const stored of cluster.bus.read(run, { from: 1, follow: true, signal: late.signal })) {
      audit.add(stored);
      timer.refresh();
      if (stored.sequence >= last && audit.open.length === 0) break;
    }
  } finally {
    clearTimeout(timer);
  }
  return audit;
}

/** Lets the gateway do nothing while `work` is done: it keeps the curriculum of a running run going, and would start it again. */
async function withoutRunControl<Result>(cluster: ChaosCluster, work: () => Promise<Result>): Promise<Result> {
  let pid = cluster.pid('gateway');
  for (; pid === undefined; pid = cluster.pid('gateway')) await systemClock.sleep(20);
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Stops the curriculum and reads on until everything has ended. */
async function drain(cluster: ChaosCluster, run: string): Promise<InteractionAudit> {
  const stop = { id: `chaos-stop-${run}`, run, from: addressOf('gateway/0'), to: addressOf('curriculum/0') };
  await tellFromOutside(cluster.bus, stop, { kind: 'control', body: { command: 'stop', reason: 'chaos: audit' } });
  return await readToTheEnd(cluster, run);
}

/** The aggregator may still be reading what the stream holds already. */
async function differences(cluster: ChaosCluster, run: string): Promise<string[]> {
  const until = systemClock.now() + patienceMs;
  for (;;) {
    try {
      return await foldDifferences(cluster, run);
    } catch (reason) {
      if (systemClock.now() > until || RedQueenError.from(reason).code !== 'failed_precondition') throw reason;
      await systemClock.sleep(100);
    }
  }
}

/**
 * Stops the curriculum, waits until everything that was begun has ended, and goes through the books: the whole stream against itself and against ground truth, the
 * aggregator's state against a fold from scratch in another process, the dead letters.
 */
export async function auditRun(cluster: ChaosCluster, run: string): Promise<Audited> {
  const began = systemClock.now();
  const audit = await withoutRunControl(cluster, () => drain(cluster, run));
  const drainSeconds = audit.open.length === 0 ? (systemClock.now() - began) / 1000 : Number.POSITIVE_INFINITY;
  const { lost, twice, wrong } = audit.findings();
  const dead = (await cluster.client.deadLetters(run)).map(({ id, cause }) => `dead letter ${id}: ${cause}`);
  return { audit, drainSeconds, lost: [...lost, ...dead], twice, wrong: [...wrong, ...(await differences(cluster, run))] };
}
