import { admittedEnvironment, admittedEnvironments, RedQueenError, type Environment, type Recipe, type Task } from '@redqueen/core';
import { arithmetic } from './arithmetic/environment.ts';
import { requireFamily } from './generating.ts';
import { grid } from './grid/environment.ts';
import { proposerText } from './prompts.ts';
import { strings } from './strings/environment.ts';

/** The environments that come with Red Queen. Those of packages are known once a recipe's packages are loaded. */
export const environments: readonly Environment[] = [arithmetic, strings, grid];

/** One (family, level) of an environment: what a slot asks for and what accuracy is counted by. */
export interface ArmName {
  readonly environment: string;
  readonly family: string;
  readonly level: number;
}

/** Which environments, families and levels take part, as a recipe says it. */
export type Selection = Recipe['environments'];

/** The environment of that name. Throws `not_found` listing the names that there are. */
export function environmentByName(name: string): Environment {
  const found = environments.find((environment) => environment.name === name) ?? admittedEnvironment(name);
  if (found === undefined) {
    const known = [...environments.map((environment) => environment.name), ...admittedEnvironments()];
    throw new RedQueenError('not_found', `no environment "${name}"; known are ${known.join(', ')}`);
  }
  return found;
}

/** The arms of a selection, in its order. Throws `not_found` for an environment, family or level that does not exist. */
export function armsOf(selection: Selection): readonly ArmName[] {
  return selection.flatMap(({ use, families }) =>
    Object.entries(families).flatMap(([family, levels]) =>
      levels.map((level) => {
        requireFamily(environmentByName(use), family, level);
        return { environment: use, family, level };
      }),
    ),
  );
}

/** The task that a text describes in any environment that comes with Red Queen; undefined for none. No text is a task of two of these. */
export function readTask(text: string): Task | undefined {
  for (const environment of environments) {
    const task = environment.parse(text);
    if (task !== undefined) return task;
  }
  return undefined;
}

/** What the proposer is asked, e.g. "p+2=". Throws `not_found` for an arm that does not exist. */
export function proposerPrompt(environment: string, family: string, level: number): string {
  return proposerText(requireFamily(environmentByName(environment), family, level).symbol, level);
}
