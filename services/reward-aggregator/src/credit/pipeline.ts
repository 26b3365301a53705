import { RedQueenError, type Credit, type CreditAssigner, type CreditGroup, type CreditStage } from '@redqueen/core';

/** The order in which stages work. */
const order: readonly CreditStage[] = ['normalise', 'scale', 'place', 'mask'];

function rankOf(stage: CreditAssigner): number {
  return order.indexOf(stage.stage ?? 'normalise');
}

/** Why the stages make no pipeline; undefined where they do. */
function faultOf(stages: readonly CreditAssigner[]): string | undefined {
  for (const [index, stage] of stages.entries()) {
    const kind = stage.stage ?? 'normalise';
    if (index === 0 && kind !== 'normalise') return `${stage.name} changes credit and makes none; put e.g. group-normalised before it`;
    if (index > 0 && kind === 'normalise') return `${stage.name} makes credit of rewards, as ${stages[0]?.name} does; keep one of the two`;
    const before = stages[index - 1];
    if (before && rankOf(before) > rankOf(stage)) return `${stage.name} (${kind}) must come before ${before.name} (${before.stage})`;
  }
  return undefined;
}

function assign(stages: readonly CreditAssigner[], groups: readonly CreditGroup[], knobs?: Readonly<Record<string, number>>): Credit {
  let current = groups;
  let normaliser = 0;
  for (const stage of stages) {
    const credit = stage.assign(current, knobs);
    current = (credit.groups ?? current).map((group, index) => ({ ...group, advantages: credit.advantages[index] }));
    // Scaling a signal must not be undone by averaging over fewer tokens.
    if (stage.stage !== 'scale') normaliser = credit.normaliser;
  }
  return { advantages: current.map(({ advantages }) => advantages), normaliser, groups: current };
}

/**
 * Several credit assigners as one: each gets the groups with the credit of those before it. One alone is itself.
 * `where` is the recipe's key, for the error. Throws `invalid_argument` where the stages are not in the order normalise, scale, place, mask.
 */
export function pipelineOf(stages: readonly CreditAssigner[], where: string): CreditAssigner {
  const [first, ...more] = stages;
  const fault = first ? faultOf(stages) : 'at least one credit assigner is needed';
  if (!first || fault) throw new RedQueenError('invalid_argument', `${where}: ${fault}`);
  if (more.length === 0) return first;
  return {
    name: stages.map(({ name }) => name).join(' → '),
    scope: stages.some(({ scope }) => scope === 'batch') ? 'batch' : 'group',
    assign: (groups, knobs) => assign(stages, groups, knobs),
  };
}
