import type { Attempts, PeerAct } from '@redqueen/contract';
import { interactionReward, peerTurnNumber, type PeerTurnKind } from '@redqueen/core';
import { agents, carriesReward, type Earned } from '@redqueen/runtime';

/** The scores that peers gave, by attempt; an attempt whose scoring cannot be read has none. */
export function peerScores(acts: readonly PeerAct[]): ReadonlyMap<number, number> {
  return new Map(acts.flatMap(({ attempt, score }) => (score === undefined ? [] : [[attempt, score] as const])));
}

function earned(agent: string, kind: PeerTurnKind, attempt: number, attempts: number, score: number | undefined): Earned {
  const evidence = `${kind} of attempt ${attempt}: ${score === undefined ? 'the scoring cannot be read' : `scored ${score} of 3`}`;
  return { agent, turn: peerTurnNumber(kind, attempt, attempts), term: 'interaction', value: interactionReward(kind, score), evidence };
}

/** Executors: what every turn of a discussion earns, its solutions included. None where the attempts were not discussed. */
export function interactionRewards({ group, acts }: Pick<Attempts, 'group' | 'acts'>): Earned[] {
  const samples = group?.samples ?? [];
  if (acts.length === 0) return [];
  const author = group?.policy?.agent || agents.executor;
  const scores = peerScores(acts);
  const solutions = samples.flatMap(({ failure }, attempt) =>
    carriesReward(failure) ? [earned(author, 'solution', attempt, samples.length, scores.get(attempt))] : [],
  );
  const spoken = acts.map(({ agent, kind, attempt }) =>
    earned(agent, kind === 'PEER_ACT_KIND_SCORING' ? 'scoring' : 'evaluation', attempt, samples.length, scores.get(attempt)),
  );
  return [...solutions, ...spoken];
}
