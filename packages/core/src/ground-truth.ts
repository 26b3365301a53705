/** What of a recipe decides whether its rewards may come from the environment's checker. */
interface Fenced {
  readonly groundTruth: 'rewards' | 'none';
  readonly verifiers: readonly { readonly use: string }[];
  readonly curriculum: { readonly use: string };
  readonly roles: { readonly executor: { readonly rewards: readonly { readonly use: string }[] } };
}

/** A key of a recipe that contradicts another, and what to do about it. */
interface Contradiction {
  readonly path: (string | number)[];
  readonly message: string;
}

const none = 'and groundTruth is none';

/** What in a recipe contradicts `groundTruth: none`; nothing where its rewards may come from the environment's checker. */
export function groundTruthFaults({ groundTruth, verifiers, curriculum, roles }: Fenced): Contradiction[] {
  if (groundTruth === 'rewards') return [];
  const faults: Contradiction[] = [];
  for (const [index, { use }] of verifiers.entries()) {
    const message = `truth is the environment's checker, ${none}; name who decides instead: majority, judge or peer`;
    if (use === 'truth') faults.push({ path: ['verifiers', index], message });
  }
  for (const [index, { use }] of roles.executor.rewards.entries()) {
    const message = `verifier-score is weighed with a trust that is measured against ground truth, ${none}; pay outcome with the verifier judge`;
    if (use === 'verifier-score') faults.push({ path: ['roles', 'executor', 'rewards', index], message });
  }
  const message = `learning-progress follows accuracies that are measured against ground truth, ${none}; take uniform`;
  if (curriculum.use === 'learning-progress') faults.push({ path: ['curriculum'], message });
  return faults;
}
