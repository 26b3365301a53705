import type { Body, Message } from '@redqueen/contract';
import type { TrainedStaleness } from '@redqueen/core';

// How old every sample was when it was trained on, from the stream alone: which batches a candidate consumed says the Candidate, which version was
// released then say the Released messages before it, and which version sampled says the batch.

/** A batch that no version has consumed yet: how many samples of which version. */
interface WaitingBatch {
  readonly number: number;
  readonly samples: ReadonlyMap<number, number>;
}

/** What is known of one agent. */
interface AgentStaleness {
  /** Numbers of the newest releases, oldest first. */
  releases: number[];
  waiting: WaitingBatch[];
  updates: number;
  /** True once the agent makes no further update. */
  over: boolean;
  /** Samples trained on by their lag in releases. */
  histogram: number[];
  beyond: number;
  leftOut: number;
  dropped: number;
  refused: number;
  unused: number;
}

/** By agent. */
export type TrainedSamples = Map<string, AgentStaleness>;

/** Releases that are remembered of an agent: a lag of more is told as this one. */
const releaseLimit = 64;
/** Batches that may wait for the trainer; it refuses a candidate at fewer. */
const waitingLimit = 256;

/** Nothing was trained yet. */
export function emptyTrainedSamples(): TrainedSamples {
  return new Map();
}

function agentOf(trained: TrainedSamples, agent: string): AgentStaleness {
  const known = trained.get(agent);
  if (known) return known;
  const fresh = {
    releases: [],
    waiting: [],
    updates: 0,
    over: false,
    histogram: [],
    beyond: 0,
    leftOut: 0,
    dropped: 0,
    refused: 0,
    unused: 0,
  };
  trained.set(agent, fresh);
  return fresh;
}

function foldBatch(one: AgentStaleness, { number, groups, stale, refused }: Body<'batch'>): void {
  one.dropped += stale;
  one.refused += refused;
  if (one.over) return;
  const samples = new Map<number, number>();
  for (const group of groups) samples.set(group.version, (samples.get(group.version) ?? 0) + group.samples.length);
  one.waiting.push({ number, samples });
  if (one.waiting.length > waitingLimit) one.waiting.shift();
}

/** Releases since the version: 0 for the newest, the most that can be told for one that was never released. */
function lagOf(releases: readonly number[], version: number): number {
  const place = releases.lastIndexOf(version);
  return place < 0 ? releaseLimit : releases.length - 1 - place;
}

/** What a candidate consumed was trained on under the newest release before it; it says itself how many samples it left out, which were the oldest. */
function foldCandidate(one: AgentStaleness, body: Body<'candidate'>, bound: number): void {
  const consumed = one.waiting.filter(({ number }) => number <= body.consumedBatches);
  one.waiting = one.waiting.filter(({ number }) => number > body.consumedBatches);
  one.updates = body.updates;
  const byLag: number[] = [];
  for (const { samples } of consumed)
    for (const [version, count] of samples) {
      const lag = lagOf(one.releases, version);
      byLag[lag] = (byLag[lag] ?? 0) + count;
    }
  let left = body.stale;
  for (let lag = byLag.length - 1; lag >= 0; lag--) {
    const count = byLag[lag] ?? 0;
    const out = Math.min(left, count);
    left -= out;
    one.leftOut += out;
    if (lag > bound) one.beyond += count - out;
    while (one.histogram.length <= lag && count > out) one.histogram.push(0);
    if (count > out) one.histogram[lag] = (one.histogram[lag] ?? 0) + count - out;
  }
}

/** A version without a candidate (a rollback, a promotion, updates that changed nothing): what was consumed for it is in no weights. */
function foldReleased(one: AgentStaleness, { version, updates, last }: Body<'released'>): void {
  const consumed = one.waiting.splice(0, Math.max(0, updates - one.updates));
  for (const { samples } of consumed) for (const count of samples.values()) one.unused += count;
  one.updates = Math.max(one.updates, updates);
  one.releases.push(version);
  if (one.releases.length > releaseLimit) one.releases.shift();
  if (last) end(one);
}

function end(one: AgentStaleness): void {
  one.over = true;
  one.waiting = [];
}

/** Folds one message in. `bound`: the recipe's maxStaleness. */
export function foldTrainedSamples(trained: TrainedSamples, message: Message, bound: number): void {
  if (message.kind === 'batch') foldBatch(agentOf(trained, message.body.agent), message.body);
  else if (message.kind === 'candidate') foldCandidate(agentOf(trained, message.body.agent), message.body, bound);
  else if (message.kind === 'released') foldReleased(agentOf(trained, message.body.agent), message.body);
  else if (message.kind === 'refused' && message.body.last) end(agentOf(trained, message.body.agent));
}

/** By agent, in the order of their names. */
export function trainedStalenessReport(trained: TrainedSamples): readonly TrainedStaleness[] {
  return [...trained]
    .map(([agent, { histogram, beyond, leftOut, dropped, refused, unused }]) => ({
      agent,
      samples: histogram.reduce((sum, count) => sum + count, 0),
      histogram,
      largest: Math.max(0, histogram.length - 1),
      beyond,
      leftOut,
      dropped,
      refused,
      unused,
    }))
    .sort((a, b) => (a.agent < b.agent ? -1 : 1));
}
