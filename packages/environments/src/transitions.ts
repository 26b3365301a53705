import { hash, pick, randomOf, type Environment, type Random, type Split } from '@redqueen/core';
import type { AnchorPurpose } from './anchors.ts';
import { drawUntil } from './generating.ts';
import { worldModelPrompt } from './prompts.ts';
import { remembered } from './remembered.ts';
import { armsOf, environmentByName, type ArmName, type Selection } from './registry.ts';
import { splitOfText } from './splits.ts';

/** A step whose outcome is known because it was executed. */
export interface ExecutedStep {
  readonly environment: string;
  /** Snapshot of the state before. */
  readonly state: string;
  readonly action: string;
  /** What happened, in the form that the world model predicts. */
  readonly outcome: string;
}

/** The use that a question to the world model is reserved for: by its own text, whatever task it came from. */
export function splitOfStep(state: string, action: string): Split {
  return splitOfText(worldModelPrompt(state, action));
}

/** A random step from a state up to two random steps into a random task of the arm; undefined where the environment has no such steps. */
export function randomStep(arm: ArmName, random: Random): ExecutedStep | undefined {
  const environment = environmentByName(arm.environment);
  let state = environment.reset(environment.generate(arm.family, arm.level, random));
  for (let warmUp = random.integer(3); warmUp > 0; warmUp--) {
    const result = stepOnce(environment, state, random);
    if (result === undefined || result.done) break;
    state = result.state;
  }
  const result = stepOnce(environment, state, random);
  return result && { environment: environment.name, state: environment.snapshot(state), action: result.action, outcome: result.outcome };
}

function stepOnce(environment: Environment, state: unknown, random: Random) {
  const actions = environment.actions(state);
  if (actions.length === 0) return undefined;
  const action = pick(random, actions);
  return { action, ...environment.step(state, action) };
}

/**
 * Held-out questions to the world model: distinct steps whose prompts are reserved for the purpose, arms at random.
 * A pure function of its arguments. Empty where no environment of the selection has more than one step.
 */
export const anchorTransitions = remembered(drawTransitions);

function drawTransitions(selection: Selection, purpose: AnchorPurpose, count: number): readonly ExecutedStep[] {
  const arms = armsOf(selection).filter((arm) => randomStep(arm, randomOf('has steps')) !== undefined);
  const random = randomOf(
    'anchor transitions',
    purpose,
    hash(...arms.flatMap(({ environment, family, level }) => [environment, family, level])),
  );
  const found = new Map<string, ExecutedStep>();
  for (let index = 0; arms.length > 0 && index < count; index++) {
    const step = drawUntil(`${purpose} transition`, () => {
      const candidate = randomStep(pick(random, arms), random);
      if (candidate === undefined || splitOfStep(candidate.state, candidate.action) !== purpose) return undefined;
      return found.has(candidate.state + candidate.action) ? undefined : candidate;
    });
    found.set(step.state + step.action, step);
  }
  return [...found.values()];
}
