import type { TrainingStatsInput } from '@redqueen/contract';
import { actorOf, type Tell } from '@redqueen/runtime';
import { attestedHash, type AgentState, type RunPlan, type TrainedBatch, type Version } from './state.ts';

const policy = { role: 'policy', key: '0' };
const curriculum = { role: 'curriculum', key: '0' };

/** The commit of a candidate. It goes to policy/0 itself: what the stream holds is what was committed, see `commitRecorded`. */
export function candidateTell(agent: AgentState, version: Version, canaryDifference: number): Tell {
  const body = {
    agent: agent.agent,
    version: version.number,
    adapterHash: version.files?.adapter ?? '',
    optimizerHash: version.files?.optimizer ?? '',
    parent: version.parent,
    consumedBatches: version.consumedBatches,
    updates: version.updates,
    stats: meanStats(agent.uncommitted),
    canaryDifference,
    stale: agent.uncommitted.reduce((sum, { stale = 0 }) => sum + stale, 0),
  };
  return { to: policy, kind: 'candidate', body };
}

/** Asks the actor of the agent's role to try the gate anchors with a version. */
export function anchorTell(plan: RunPlan, agent: AgentState, version: number): Tell {
  const body = {
    anchorId: `gate-${agent.agent.replace('/', '-')}-${version}`,
    agent: agent.agent,
    version,
    purpose: 'ANCHOR_PURPOSE_GATE',
    perArm: plan.recipe.gate.perArm,
    sampled: false,
    replyTo: policy,
  } as const;
  return { to: actorOf(agent.agent), kind: 'anchorTask', body };
}

/** A version is the agent's policy now. */
export function releasedTell(agent: AgentState, version: Version): Tell {
  const body = {
    agent: agent.agent,
    version: version.number,
    adapterHash: attestedHash(version),
    reason: version.reason,
    sourceVersion: version.source,
    updates: version.updates,
    figures: [...version.figures],
    arms: [...version.arms],
    passToFail: version.passToFail,
    failToPass: version.failToPass,
    last: version.last,
  };
  return { to: curriculum, kind: 'released', body };
}

/** A candidate, rollback or promotion was not released. */
export function refusedTell(agent: AgentState, version: Version): Tell {
  const body = {
    agent: agent.agent,
    version: version.number,
    adapterHash: version.files?.adapter ?? '',
    reason: version.reason,
    figures: [...version.figures],
    passToFail: version.passToFail,
    failToPass: version.failToPass,
    updates: version.updates,
    last: version.last,
  };
  return { to: curriculum, kind: 'refused', body };
}

/** Means over the updates behind a candidate; the mismatch is that of the first update on samples of its own weights. */
function meanStats(uncommitted: readonly TrainedBatch[]): TrainingStatsInput {
  const all = uncommitted.flatMap((trained) => (trained.stats ? [trained.stats] : []));
  const mean = (value: (stats: (typeof all)[number]) => number): number =>
    all.length === 0 ? 0 : all.reduce((sum, stats) => sum + value(stats), 0) / all.length;
  return {
    loss: mean((stats) => stats.loss),
    gradientNorm: mean((stats) => stats.gradientNorm),
    clipFraction: mean((stats) => stats.clipFraction),
    approximateKl: mean((stats) => stats.approximateKl),
    entropy: mean((stats) => stats.entropy),
    logProbMismatch: Math.max(0, ...all.map((stats) => stats.logProbMismatch)),
    tokens: all.reduce((sum, stats) => sum + stats.tokens, 0),
  };
}
