import type { Recipe, TrainedRole } from './recipe.ts';

/** The roles whose agents learn, in the order in which they are worked on. */
export const trainedRoles: readonly TrainedRole[] = ['executor', 'proposer', 'verifier', 'world-model'];

/** An agent of a run. */
export interface RoleAgent {
  /** <role>/<number>, e.g. "executor/1". */
  readonly agent: string;
  readonly role: TrainedRole;
}

/** The agents of a role, each with its own policy: <role>/0, <role>/1, … */
export function agentsOfRole(recipe: Recipe, role: TrainedRole): string[] {
  return Array.from({ length: recipe.roles[role].agents }, (_, index) => `${role}/${index}`);
}

/** The base model of an agent, as the recipe names it. */
export function modelOf(recipe: Recipe, { agent, role }: RoleAgent): string {
  const own = recipe.roles[role].model ?? recipe.model;
  return typeof own === 'string' ? own : (own[agentsOfRole(recipe, role).indexOf(agent)] ?? recipe.model);
}

/** The base models of a recipe, each once, that of the first executor first. */
export function modelsOf(recipe: Recipe): string[] {
  return [...new Set(agentsOf(recipe).map((agent) => modelOf(recipe, agent)))];
}

/** All agents of a recipe, role by role, in a fixed order. */
export function agentsOf(recipe: Recipe): RoleAgent[] {
  return trainedRoles.flatMap((role) => agentsOfRole(recipe, role).map((agent) => ({ agent, role })));
}
