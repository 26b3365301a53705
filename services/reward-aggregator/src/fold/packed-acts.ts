import type { PeerAct, PeerActKind } from '@redqueen/contract';
import { peerTurnNumber, type PeerTurn } from '@redqueen/core';
import type { Rules } from '../rules.ts';
import { packGroup, validSamples, type PackedGroup, type Unreadable } from './packed-group.ts';
import type { PackedAct } from './state.ts';

/** What each kind of act is called in the facts; undefined for one that is none. */
const kinds: Readonly<Record<PeerActKind, Exclude<PeerTurn['kind'], 'solution'> | undefined>> = {
  PEER_ACT_KIND_UNSPECIFIED: undefined,
  PEER_ACT_KIND_EVALUATION: 'evaluation',
  PEER_ACT_KIND_SCORING: 'scoring',
};

function isExecutor(rules: Rules, name: string): boolean {
  return rules.agents.some(({ agent, role }) => role === 'executor' && agent === name);
}

/** The executor that a stamp names; the first where it names none of the run, which then attests nothing. */
export function executorOf(rules: Rules, stamped: string | undefined): string {
  return stamped !== undefined && isExecutor(rules, stamped) ? stamped : rules.roles.executor.agent;
}

/** Reads one act; the score of its attempt is filled in later. */
function packAct(rules: Rules, act: PeerAct, attempts: PackedGroup): PackedAct | Unreadable {
  const kind = kinds[act.kind];
  const { agent, attempt, score } = act;
  if (!kind) return { unreadable: 'an act has no kind' };
  if (!isExecutor(rules, agent)) return { unreadable: `${agent || 'nobody'} is no executor of the run` };
  if (attempts.valid[attempt] !== 1) return { unreadable: `there is no valid attempt ${attempt}` };
  if (score !== undefined && (kind !== 'scoring' || score < 1 || score > 3))
    return { unreadable: `the ${kind} of attempt ${attempt} cannot have the score ${score}` };
  const group = packGroup(act.group, agent);
  if ('unreadable' in group) return group;
  if (group.valid.length !== 1 || group.valid[0] !== 1) return { unreadable: `the ${kind} of attempt ${attempt} is not one valid sample` };
  return { agent, kind, attempt, turn: peerTurnNumber(kind, attempt, attempts.valid.length), score, group };
}

/** What is wrong with a discussion as a whole: an act told twice, or a valid attempt that nobody scored. */
function discussionFault(acts: readonly PackedAct[], attempts: PackedGroup): string | undefined {
  if (acts.length === 0) return undefined;
  const turns = new Set(acts.map(({ turn }) => turn));
  if (turns.size < acts.length) return 'an act was told twice';
  const unscored = validSamples(attempts).find((attempt) => !turns.has(peerTurnNumber('scoring', attempt, attempts.valid.length)));
  return unscored === undefined ? undefined : `nobody scored attempt ${unscored}`;
}

/** The acts of a discussion in the order of their turns, each with the score that its attempt got; none where there was no discussion. */
export function packActs(rules: Rules, told: readonly PeerAct[], attempts: PackedGroup): readonly PackedAct[] | Unreadable {
  const acts: PackedAct[] = [];
  for (const one of told) {
    const act = packAct(rules, one, attempts);
    if ('unreadable' in act) return act;
    acts.push(act);
  }
  const fault = discussionFault(acts, attempts);
  if (fault) return { unreadable: fault };
  const scores = new Map(acts.flatMap(({ kind, attempt, score }) => (kind === 'scoring' ? [[attempt, score]] : [])));
  return acts.map((act) => ({ ...act, score: scores.get(act.attempt) })).sort((a, b) => a.turn - b.turn);
}
