import { pick, randomOf } from '@redqueen/core';

/** Who speaks about one solution. */
export interface Cast {
  /** Absent where solutions are not evaluated. */
  readonly evaluator: string | undefined;
  readonly scorer: string;
}

/** Which parts of a discussion are held, and by whom. */
export interface Parts {
  readonly evaluation: boolean;
  /** Who scores: a peer, or the author itself (an ablation). */
  readonly scorer: 'peer' | 'self';
}

/** The peers without some of them; all of them where nobody would be left. */
function without(peers: readonly string[], ...left: readonly (string | undefined)[]): readonly string[] {
  const others = peers.filter((peer) => !left.includes(peer));
  return others.length > 0 ? others : peers;
}

/**
 * Who evaluates and scores a solution, drawn uniformly for every act as CoMAS does. Our form: nobody evaluates or scores what it said itself while there are
 * others, so the scorer is a third peer where there are three, and with two peers the one that is not the author.
 */
export function castOf(peers: readonly string[], author: string, seed: number, attempt: number, { evaluation, scorer }: Parts): Cast {
  const random = randomOf(seed, attempt, 'cast');
  const evaluator = evaluation ? pick(random, without(peers, author)) : undefined;
  if (scorer === 'self') return { evaluator, scorer: author };
  return { evaluator, scorer: pick(random, without(without(peers, author), evaluator)) };
}
