/** An attempt as rejection sampling sees it. */
export interface ScoredAnswer {
  readonly answer: string;
  readonly right: boolean;
  /** The attempt's total reward; what the threshold is compared with. */
  readonly score: number;
}

/** What a threshold selects of one task's attempts. Answers that are alike count once: the copies of one answer teach what one of them teaches. */
export interface Selection {
  /** n_i: distinct answers that reach the threshold. */
  readonly selected: number;
  /** n′_i: those of them that are right. */
  readonly right: number;
}

/** The distinct answers whose score is at least the threshold; of equal answers the best score counts. Does not depend on their order. */
export function selectionOf(answers: readonly ScoredAnswer[], threshold: number): Selection {
  const reached = answers.filter(({ score }) => score >= threshold);
  const right = reached.filter((one) => one.right);
  return { selected: new Set(reached.map(({ answer }) => answer)).size, right: new Set(right.map(({ answer }) => answer)).size };
}

/**
 * Balance score of one task: bs = min(n′/n*, 1) · n′/n, n selected answers of which n′ are right and distinct, n* how many are enough; 0 where nothing
 * was selected. The first factor is exploration, the second exploitation.
 * Source: Zeng et al. 2024, B-STaR (arXiv 2412.17256), section 3.
 */
export function balanceScore({ selected, right }: Selection, enough: number): number {
  return selected === 0 ? 0 : Math.min(right / enough, 1) * (right / selected);
}
