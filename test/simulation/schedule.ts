import { addressOf, addressText, encodeMessage, type MessageInput } from '@redqueen/contract';
import { randomOf, type RunRecord } from '@redqueen/core';
import { createMemoryBus, silentLogger, type Bus } from '@redqueen/runtime';
import { noFaults, Scheduler } from '@redqueen/testkit';
import { storeOf } from '../../packages/runtime/src/bus/memory/memory-bus.ts';
import { isOver } from '../../services/policy/src/lineage/release.ts';
import type { State } from '../../services/reward-aggregator/src/fold/state.ts';
import { checkEnd } from './checks/end.ts';
import type { Stream } from './checks/stream.ts';
import { Witness, type Violation } from './checks/witness.ts';
import { Cluster, type Node } from './cluster/cluster.ts';
import { records } from './cluster/recipes.ts';
import { serviceNames } from './cluster/services.ts';
import type { Expectation } from './oracle.ts';
import type { Blow, Plan } from './plan.ts';

/** Longest time that the cluster gets to come to rest once nothing is done to it any more. */
const calmMs = 120_000;
/** Within which time a crash point is surely reached. */
const crashWithinMs = 4000;
/** So long nothing must be told for the cluster to be at rest. */
const restMs = 13_000;
/** The same where everything that must come has come. */
const restWhenCompleteMs = 2000;

/** What is left of a schedule. */
export interface Outcome {
  readonly plan: Plan;
  /** Whether the process of the plan's crash point died there. */
  readonly crashed: boolean;
  readonly violations: readonly Violation[];
  /** Of everything that happened, in order. */
  readonly traceHash: string;
  readonly lines: readonly string[] | undefined;
  readonly events: number;
  readonly messages: number;
  readonly stream: Stream;
  /** Simulated time. */
  readonly elapsedMs: number;
}

/** A letter that must lie among the dead ones at the end. */
export interface ExpectedLetter {
  readonly actor: string;
  readonly sequence: number;
}

/** A schedule at work: what the checks at its end look at. */
export interface Scene {
  readonly plan: Plan;
  readonly record: RunRecord;
  readonly bus: Bus;
  readonly scheduler: Scheduler;
  readonly witness: Witness;
  readonly cluster: Cluster;
  readonly letters: ExpectedLetter[];
}

/** How to run a schedule. */
export interface ScheduleOptions {
  /** Whether to keep the trace's lines. */
  readonly keepLines?: boolean;
  /** What the run must give; without it only what holds for every run is checked. */
  readonly expectation?: Expectation;
}

const gateway = addressOf('gateway/0');

/** Runs one schedule from its first event to its checks. */
export async function runSchedule(plan: Plan, options: ScheduleOptions = {}): Promise<Outcome> {
  const scene = await open(plan, options.keepLines ?? false);
  const { scheduler, cluster, witness, bus } = scene;
  let crashed = false;
  for (const name of serviceNames) {
    const point = plan.crashPoint?.service === name ? plan.crashPoint.point : undefined;
    const node = cluster.start(name, point);
    const back = (): void => {
      crashed = true;
      scheduler.after(plan.crashPoint?.backMs ?? 0, '', () => cluster.startMissing(name));
    };
    if (point) node.process.onKilled(back);
    if (plan.doubled.includes(name)) cluster.start(name);
  }
  begin(scene);
  for (const blow of plan.blows) scheduler.after(blow.at, '', () => strike(scene, blow));
  // A process that dies at its crash point stays away for so long, whatever else comes.
  const away = plan.crashPoint ? plan.crashPoint.backMs + crashWithinMs : 0;
  await scheduler.run(() => false, Math.max(0, away, ...plan.blows.map(({ at }) => at)) + 1);
  calm(scene);
  const expected = options.expectation?.oracle.size ?? Number.POSITIVE_INFINITY;
  const rested = await scheduler.run(atRest(scene, expected), calmMs);
  if (!rested) witness.violate('rest', `the cluster did not come to rest within ${calmMs} ms`);
  const stream = await checkEnd(scene, options.expectation?.oracle);
  await bus.close();
  const { hash, lines, count } = scheduler.trace;
  return {
    plan,
    crashed,
    violations: witness.violations,
    traceHash: hash,
    lines,
    events: count,
    messages: stream.last,
    stream,
    elapsedMs: scheduler.elapsed,
  };
}

/** Whether the cluster has come to rest: nothing was told for long, or for a while since everything that must come has come. */
function atRest({ scheduler, cluster, witness, letters }: Scene, expected: number): () => boolean {
  let [last, grownAt] = [0, scheduler.now];
  let completeAt: number | undefined;
  return () => {
    if (witness.last !== last) [last, grownAt] = [witness.last, scheduler.now];
    const quietMs = scheduler.now - grownAt;
    if (quietMs < restWhenCompleteMs) return false;
    const complete =
      closedEpisodes(cluster) >= expected && isRunOver(cluster) && witness.deadLetters.size >= letters.length && !witness.hasInFlight;
    completeAt = complete ? (completeAt ?? scheduler.now) : undefined;
    return quietMs > restMs || (completeAt !== undefined && scheduler.now - completeAt > restWhenCompleteMs / 2);
  };
}

/** Whether the trainer has made the run's last version. */
function isRunOver(cluster: Cluster): boolean {
  const policies = cluster.of('policy').at(-1)?.policies;
  try {
    return policies !== undefined && isOver(policies.state);
  } catch {
    // It has not begun.
    return false;
  }
}

/** Episodes that the reward aggregator at work has closed. */
function closedEpisodes(cluster: Cluster): number {
  const states = cluster.of('reward-aggregator').map(({ host }) => host?.state() as State | undefined);
  return Math.max(0, ...states.map((state) => (state ? state.settled + state.voided : 0)));
}

async function open(plan: Plan, keepLines: boolean): Promise<Scene> {
  const scheduler = new Scheduler(randomOf('ties', plan.seed), keepLines);
  const clock = { now: () => Math.floor(scheduler.now), sleep: (ms: number, signal?: AbortSignal) => sleep(scheduler, ms, signal) };
  const bus = await createMemoryBus({
    clock,
    logger: silentLogger,
    turn: () => Promise.resolve(),
  });
  const record = records[plan.record % records.length] as RunRecord;
  await bus.openRun(record.run);
  const { concurrency, snapshotMessages } = plan;
  const maxInFlight = Math.max(2, concurrency);
  const clocksMove = plan.blows.some(({ kind }) => kind === 'clock');
  const witness = new Witness({ bus, run: record.run, maxInFlight, concurrency, clocksMove });
  const settings = {
    maxInFlight,
    ackWaitMs: 2000,
    leaseMs: 3000,
    longestBackOffMs: 1000,
    snapshotMessages,
    snapshotMs: 1000,
    drainMs: 1000,
  };
  const { repetition, seed, doubled } = plan;
  const cluster = new Cluster({ record, seed, scheduler, bus, witness, settings, concurrency, repetition, doubled }, plan.faults);
  return { plan, record, bus, scheduler, witness, cluster, letters: [] };
}

/** The bus's own clock: its server is never paused. */
function sleep(scheduler: Scheduler, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = scheduler.after(ms, '', resolve);
    const abort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Stores a message behind everybody's back; answers its sequence. */
function store({ bus, record, witness }: Scene, id: string, to: string, bytes: Uint8Array): number {
  const result = storeOf(bus).publish(record.run, { id, to, bytes });
  witness.observe({ kind: 'published', process: 'gateway', id, result });
  return result.sequence;
}

function tell(scene: Scene, id: string, to: string, told: Pick<MessageInput, 'kind' | 'body'>): number {
  const envelope = { id, run: scene.record.run, from: gateway, to: addressOf(to), cause: '', traceparent: '' };
  return store(scene, id, to, encodeMessage({ ...envelope, ...told } as MessageInput));
}

/** The gateway starts the run. */
function begin(scene: Scene): void {
  for (const to of ['policy/0', 'curriculum/0']) tell(scene, `start-${to}`, to, { kind: 'control', body: { command: 'start' } });
}

function strike(scene: Scene, blow: Blow): void {
  const { scheduler, cluster, bus, record, witness } = scene;
  if (blow.kind === 'again') {
    const log = storeOf(bus).log(record.run);
    const entry = log.get(1 + Math.floor(blow.place * log.last));
    if (!entry || entry.id.startsWith('poison')) return;
    // Past the check for duplicates: what a repetition after the window looks like.
    log.append({ ...entry, storedAt: Math.floor(scheduler.now) }, undefined);
    witness.repeated.add(entry.id);
    return;
  }
  if (blow.kind === 'poison') return poison(scene, blow);
  if (blow.kind === 'leaderless') {
    scheduler.note('the stream has no leader');
    cluster.leaderlessUntil = scheduler.now + blow.forMs;
    return;
  }
  const nodes = cluster.of(blow.service);
  // Of several the one at work.
  const node = nodes.find(({ host }) => host?.status().phase === 'active') ?? nodes[0];
  if (node) hit(scheduler, cluster, node, blow);
}

function hit(
  scheduler: Scheduler,
  cluster: Cluster,
  { service, process, link }: Node,
  blow: Exclude<Blow, { kind: 'again' | 'poison' | 'leaderless' }>,
): void {
  switch (blow.kind) {
    case 'kill':
      process.kill();
      scheduler.after(blow.backMs, '', () => cluster.startMissing(service));
      return;
    case 'pause':
      process.pause();
      if (blow.replaced) cluster.start(service);
      scheduler.after(blow.forMs, '', () => process.resume());
      return;
    case 'cut':
      link.cut();
      scheduler.after(blow.forMs, '', () => link.restore());
      return;
    case 'clock':
      scheduler.note(`${process.name} clock ${blow.aheadMs}`);
      process.clockAheadMs += blow.aheadMs;
  }
}

/** Tells an actor what it cannot handle, or stores what is no message at all: that one the aggregator cannot read either. */
function poison(scene: Scene, { service, garbage }: Extract<Blow, { kind: 'poison' }>): void {
  const to = addressText({ role: service, key: '0' });
  const id = `poison-${scene.letters.length}`;
  if (garbage) {
    const sequence = store(scene, id, to, Uint8Array.of(255, 255, 255, 255));
    scene.letters.push({ actor: to, sequence });
    if (service !== 'reward-aggregator') scene.letters.push({ actor: 'reward-aggregator/0', sequence });
    return;
  }
  // The single writers but the trainer are folds that take any message.
  if (service === 'curriculum' || service === 'reward-aggregator') return;
  const told =
    service === 'policy'
      ? { kind: 'knob' as const, body: { name: 'no such knob', value: 1, by: 'test' } }
      : { kind: 'anchorTask' as const, body: { anchorId: id, agent: 'nobody/0', version: 0, perArm: 1, replyTo: gateway } };
  scene.letters.push({ actor: to, sequence: tell(scene, id, to, told) });
}

/** Nothing is done to the cluster any more: everybody runs, connected, and every service has a process. */
function calm({ cluster, scheduler }: Scene): void {
  scheduler.note('calm');
  cluster.faults = noFaults;
  cluster.leaderlessUntil = 0;
  for (const { process, link } of cluster.living) {
    link.faults = noFaults;
    link.crashPoint = undefined;
    link.restore();
    process.resume();
  }
  // A policy service stands for its device: of two, callers would reach the one that only stands by.
  for (const { process } of cluster.of('policy').slice(0, -1)) process.kill();
  for (const service of serviceNames) cluster.startMissing(service);
}
