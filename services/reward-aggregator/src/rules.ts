import type { KeyObject } from 'node:crypto';
import type { AnyPlugin, CreditAssigner, PluginRegistry, Recipe, RewardTerm, RunRecord, TrainedRole } from '@redqueen/core';
import { agentsOf, RedQueenError } from '@redqueen/core';
import { publicKeyOf } from '@redqueen/runtime';
import { pipelineOf } from './credit/pipeline.ts';
import { creditAssigners } from './credit/registry.ts';
import { rewardTerms } from './terms/registry.ts';

/** The roles whose agents earn rewards. */
export const earningRoles: readonly TrainedRole[] = ['executor', 'proposer', 'verifier', 'world-model'];

/** Attempts that must be valid for a task's group to be compared, or all of them where the task has fewer. */
export const fewestAttempts = 4;

/** A term with what the recipe pays for it. */
export interface WeightedTerm {
  readonly term: RewardTerm;
  readonly weight: number;
  /** Earlier terms of the role that must earn the turn more than 0 before this one counts. */
  readonly after: readonly string[];
}

/** What is fixed for one agent. */
export interface RoleRules {
  readonly role: TrainedRole;
  /** The agent, e.g. "executor/0". */
  readonly agent: string;
  readonly trains: boolean;
  readonly terms: readonly WeightedTerm[];
  readonly credit: CreditAssigner;
  /** Units in one update. */
  readonly batch: number;
}

/** What is fixed for a run: everything that the fold needs besides its state and the message. */
export interface Rules {
  readonly run: string;
  readonly seed: number;
  readonly maxStaleness: number;
  /** By teller, whose signature its bundles must have; undefined where the run's rewards are not signed. */
  readonly rewardKeys: ReadonlyMap<string, KeyObject> | undefined;
  /** Whether rewards are permuted among the turns they are compared with (a control arm). */
  readonly shuffled: boolean;
  /** Of each role's first agent. */
  readonly roles: Readonly<Record<TrainedRole, RoleRules>>;
  /** Of every agent, in the order in which batches are told: peers have their role's rules and pools of their own. */
  readonly agents: readonly RoleRules[];
}

/** What a run's rules are made of: the built-in strategies and those of the recipe's packages. */
interface Strategies {
  readonly terms: PluginRegistry<'reward-term'>;
  readonly assigners: PluginRegistry<'credit-assigner'>;
}

/** A term of a package: nobody in the cluster tells its values, so they must follow from the facts. */
function requireUntold(key: string, use: string, term: RewardTerm): void {
  if (term.teller === undefined || rewardTerms.names.includes(use)) return;
  throw new RedQueenError(
    'invalid_argument',
    `${key}: ${use} has the teller ${term.teller}, which tells only built-in terms; let its formula answer from the facts`,
  );
}

function termsOf(role: TrainedRole, recipe: Recipe, { terms }: Strategies): WeightedTerm[] {
  return recipe.roles[role].rewards.map(({ use, weight, options, gate: after }, index, all) => {
    const key = `roles.${role}.rewards[${index}]`;
    const term = terms.create({ use, options }, {}, key);
    requireUntold(key, use, term);
    if (term.earner !== role) {
      throw new RedQueenError('invalid_argument', `roles.${role}.rewards: ${use} is earned by the ${term.earner}; move it to that role`);
    }
    const stranger = after.find((name) => !all.slice(0, index).some((earlier) => earlier.use === name));
    if (stranger)
      throw new RedQueenError('invalid_argument', `${key}.gate: ${stranger} is no earlier term of the role; list it before ${use}`);
    return { term, weight, after };
  });
}

function roleRules(role: TrainedRole, recipe: Recipe, strategies: Strategies): RoleRules {
  const { trains, credit: pipeline, batch } = recipe.roles[role];
  if (role === 'verifier' && batch < 2) {
    throw new RedQueenError('invalid_argument', 'roles.verifier.batch: must be at least 2, one right and one wrong judgement');
  }
  if (role !== 'verifier' && pipeline.some(({ use }) => use === 'expected-pairwise')) {
    throw new RedQueenError(
      'invalid_argument',
      `roles.${role}.credit: expected-pairwise compares the verifier's two labels; take group-normalised`,
    );
  }
  return {
    role,
    agent: `${role}/0`,
    trains,
    terms: termsOf(role, recipe, strategies),
    credit: pipelineOf(
      pipeline.map((choice, index) => strategies.assigners.create(choice, {}, `roles.${role}.credit[${index}]`)),
      `roles.${role}.credit`,
    ),
    batch,
  };
}

function rewardKeysOf({ rewardKeys }: RunRecord): Rules['rewardKeys'] {
  return rewardKeys && new Map(Object.entries(rewardKeys).map(([service, text]) => [`${service}/0`, publicKeyOf(text)]));
}

/** The rules of a run; `plugins` are those of the recipe's packages. Throws `invalid_argument` where the recipe names an unknown term or credit assigner, or options that do not fit. */
export function rulesOf(record: RunRecord, plugins: readonly AnyPlugin[] = []): Rules {
  const { recipe } = record;
  const strategies = { terms: rewardTerms.with(plugins), assigners: creditAssigners.with(plugins) };
  const roles = {
    executor: roleRules('executor', recipe, strategies),
    proposer: roleRules('proposer', recipe, strategies),
    verifier: roleRules('verifier', recipe, strategies),
    'world-model': roleRules('world-model', recipe, strategies),
  };
  return {
    run: record.run,
    seed: record.seed,
    maxStaleness: recipe.maxStaleness,
    rewardKeys: rewardKeysOf(record),
    shuffled: recipe.rewardControl === 'shuffled',
    roles,
    agents: agentsOf(recipe).map(({ agent, role }) => ({ ...roles[role], agent })),
  };
}
