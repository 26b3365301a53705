import type { AgentTotalInput, SettlementInput } from '@redqueen/contract';
import type { EpisodeFacts, Evidence } from '@redqueen/core';
import { comparesAcrossBatch, creditGroupOf, taughtTotals } from '../batches/credit-group.ts';
import { poolOf, tellBatches } from '../batches/tell-batches.ts';
import { executorUnits } from '../batches/executor-units.ts';
import { verifierUnits, worldModelUnits, type JudgedDraft, type UnitDraft } from '../batches/units.ts';
import { earningRoles, type RoleRules, type Rules } from '../rules.ts';
import { settlementDigest } from './digest.ts';
import { forgetEpisode } from './episodes.ts';
import { decideProposal } from './slots.ts';
import type { OpenEpisode } from './state.ts';
import { totalsOf, type Totals } from './totals.ts';
import type { Work } from './work.ts';

const curriculum = { role: 'curriculum', key: '0' } as const;

type TotalsByAgent = ReadonlyMap<string, Totals>;

/** What an episode gives to the batches of its agents. */
interface Drafts {
  /** By agent. */
  readonly executors: ReadonlyMap<string, readonly UnitDraft[]>;
  readonly worldModel: readonly UnitDraft[];
  readonly verifier: readonly JudgedDraft[];
}

/** Appends a settlement to the chain and tells it. Returns its digest. */
function tellSettlement(work: Work, episode: OpenEpisode, content: SettlementInput): string {
  const { chain } = work.state;
  const settlement: SettlementInput = {
    ...content,
    episodeId: episode.id,
    slotId: episode.kind === 'prediction' ? '' : episode.slot,
    ...(episode.spec && { spec: episode.spec }),
    index: chain.index + 1,
    previousDigest: chain.digest,
    duplicates: chain.dropped,
  };
  const digest = settlementDigest(settlement);
  work.tells.push({ to: curriculum, kind: 'settlement', body: { ...settlement, digest } });
  chain.index += 1;
  chain.digest = digest;
  chain.dropped = 0;
  return digest;
}

function isSolved(evidence: Evidence, facts: EpisodeFacts): number {
  return facts.attempts.filter((turn) => (evidence.value('outcome', turn) ?? 0) >= 0.5).length;
}

/** Advantages of an agent's turns where they depend on the episode alone; empty where they depend on the batch. */
function advantagesOf(work: Work, rules: RoleRules, totals: Totals, drafts: Drafts): number[] {
  const { role, agent } = rules;
  const controlled = work.rules.shuffled && comparesAcrossBatch(rules);
  if (!rules.trains || rules.credit.scope !== 'group' || role === 'proposer' || controlled) return [];
  const creditOf = (unit: UnitDraft): readonly number[] => {
    const whole = { ...unit, digests: [] };
    const credit = rules.credit.assign([creditGroupOf(whole, taughtTotals(work.rules, rules, whole))], work.state.knobs);
    return credit.advantages[0] ?? unit.samples.map(() => 0);
  };
  if (role === 'executor') return (drafts.executors.get(agent) ?? []).flatMap(creditOf);
  if (role === 'world-model') return drafts.worldModel.flatMap(creditOf);
  return totals.turns.map((turn) => {
    const judged = drafts.verifier.find((one) => one.turn === turn);
    return judged ? (creditOf(judged.unit)[judged.label] ?? 0) : 0;
  });
}

function draftsOf(rules: Rules, episode: OpenEpisode, facts: EpisodeFacts, evidence: Evidence, totals: TotalsByAgent): Drafts {
  const executors = rules.agents.filter(({ role }) => role === 'executor').map(({ agent }) => agent);
  const worldModel = totals.get(rules.roles['world-model'].agent);
  const verifier = totals.get(rules.roles.verifier.agent);
  return {
    executors: new Map(executors.map((agent) => [agent, executorUnits(episode, facts, evidence, agent, totals.get(agent))])),
    worldModel: worldModel ? worldModelUnits(episode, worldModel) : [],
    verifier: verifier ? verifierUnits(episode, facts, evidence, verifier) : [],
  };
}

/** Hands the episode's units to the pools of their agents; an agent that does not train keeps none. */
function fillPools(work: Work, episode: OpenEpisode, drafts: Drafts, digest: string): void {
  const { verifier, 'world-model': worldModel } = work.rules.roles;
  const digests = [digest];
  // A task that somebody submitted is attempted and judged, never trained on.
  if (episode.spec?.origin === 'user') return;
  for (const { role, agent, trains } of work.rules.agents) {
    const units = role === 'executor' && trains ? drafts.executors.get(agent) : undefined;
    if (units) poolOf(work, agent).queue.push(...units.map((unit) => ({ ...unit, digests })));
  }
  if (worldModel.trains) poolOf(work, worldModel.agent).queue.push(...drafts.worldModel.map((unit) => ({ ...unit, digests })));
  if (verifier.trains) {
    const pool = poolOf(work, verifier.agent);
    for (const { unit, right } of drafts.verifier) (right ? pool.right : pool.wrong).push({ ...unit, digests });
  }
}

/** Settles a complete episode: totals, advantages, its place in the chain, and the batches that it completes. */
export function settle(work: Work, episode: OpenEpisode, facts: EpisodeFacts, evidence: Evidence): void {
  const { rules } = work;
  const totals = new Map<string, Totals>();
  for (const one of rules.agents) {
    const own = totalsOf(one, facts, evidence);
    if (own) totals.set(one.agent, own);
  }
  const drafts = draftsOf(rules, episode, facts, evidence, totals);
  const agents = rules.agents.flatMap((one): AgentTotalInput[] => {
    const own = totals.get(one.agent);
    if (!own) return [];
    return [{ agent: one.agent, turns: [...own.turns], totals: [...own.totals], advantages: advantagesOf(work, one, own, drafts) }];
  });
  const digest = tellSettlement(work, episode, {
    status: 'SETTLEMENT_STATUS_SETTLED',
    reason: '',
    totals: agents,
    attempts: facts.attempts.length,
    solved: isSolved(evidence, facts),
  });
  work.state.settled += 1;
  forgetEpisode(work.state, episode.id, true);
  fillPools(work, episode, drafts, digest);
  decideProposal(work, episode, totals.get(rules.roles.proposer.agent)?.totals[0], digest);
  for (const role of earningRoles) tellBatches(work, role);
}

/** Closes an episode as void: it takes its place in the chain and nothing of it counts. */
export function tellVoid(work: Work, episode: OpenEpisode, reason: string): void {
  tellSettlement(work, episode, { status: 'SETTLEMENT_STATUS_VOID', reason, totals: [], attempts: 0, solved: 0 });
  work.state.voided += 1;
  forgetEpisode(work.state, episode.id, false);
  decideProposal(work, episode, undefined, '');
  tellBatches(work, 'proposer');
}
