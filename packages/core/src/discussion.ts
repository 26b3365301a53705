import type { Turn } from './plugins/reward-term.ts';

/** What a peer does in a discussion: it solves the task, evaluates a solution, or scores a solution against its evaluation. */
export type PeerTurnKind = 'solution' | 'evaluation' | 'scoring';

/** A turn of a peer in a discussion. */
export interface PeerTurn extends Turn {
  readonly kind: PeerTurnKind;
  /** Index of the solution that it is about. */
  readonly attempt: number;
  /** What the solution's scoring says of it: 1 (wrong), 2 or 3 (right); undefined where the scoring cannot be read. */
  readonly score: number | undefined;
}

const places: Readonly<Record<PeerTurnKind, number>> = { solution: 0, evaluation: 1, scoring: 2 };

/** The number of a turn in a discussion of `attempts` solutions: first all solutions, then their evaluations, then their scorings. Who acts does not matter. */
export function peerTurnNumber(kind: PeerTurnKind, attempt: number, attempts: number): number {
  return places[kind] * attempts + attempt;
}

/**
 * What a turn of a discussion earns, τ being the score in {1, 2, 3}: the solution (τ − 1)/2, its evaluation 1 − (τ − 1)/2, the scoring 0.
 * Where the scoring cannot be read it earns −1, and solution and evaluation earn 0. Source: Xue et al. 2025, CoMAS (arXiv 2510.08529), equations 7 and 8.
 */
export function interactionReward(kind: PeerTurnKind, score: number | undefined): number {
  if (score === undefined) return kind === 'scoring' ? -1 : 0;
  if (kind === 'scoring') return 0;
  const solution = (score - 1) / 2;
  return kind === 'solution' ? solution : 1 - solution;
}
