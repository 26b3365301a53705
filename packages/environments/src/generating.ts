import { RedQueenError, type Environment, type Family, type Random, type Split, type Task } from '@redqueen/core';

/** Draws before a family is declared unable to give what was asked. The rarest split is a twentieth of all tasks. */
const patience = 10_000;

/** The first candidate that is accepted. Throws `internal` with what was looked for when patience ends. */
export function drawUntil<Value>(what: string, draw: () => Value | undefined): Value {
  for (let tries = 0; tries < patience; tries++) {
    const value = draw();
    if (value !== undefined) return value;
  }
  throw new RedQueenError('internal', `no ${what} found in ${patience} draws`);
}

/** A random task of that family, level and split. */
export function generateIn(split: Split, environment: Environment, arm: { family: string; level: number }, random: Random): Task {
  return drawUntil(`${split} task of ${arm.family} ${arm.level}`, () => {
    const task = environment.generate(arm.family, arm.level, random);
    return environment.splitOf(task) === split ? task : undefined;
  });
}

/** The family of that name, checked to have the level. Throws `not_found` listing what there is. */
export function requireFamily(environment: Environment, family: string, level?: number): Family {
  const found = environment.families.find((candidate) => candidate.name === family);
  if (found === undefined) {
    const known = environment.families.map((candidate) => candidate.name).join(', ');
    throw new RedQueenError('not_found', `environment ${environment.name} has no family "${family}"; it has ${known}`);
  }
  if (level !== undefined && !found.levels.includes(level)) {
    throw new RedQueenError('not_found', `family ${family} has no level ${level}; it has ${found.levels.join(', ')}`);
  }
  return found;
}
