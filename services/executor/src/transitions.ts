import type { SampleGroup, TransitionInput } from '@redqueen/contract';
import { pick, shuffled, type Environment, type Random, type Task } from '@redqueen/core';
import { splitOfStep } from '@redqueen/environments';

interface Step {
  readonly state: string;
  readonly action: string;
  readonly outcome: string;
}

/** The steps of an answer that can be executed, up to the end of the task. */
function executedSteps(environment: Environment, task: Task, answer: string): Step[] {
  const steps: Step[] = [];
  let state = environment.reset(task);
  for (const action of environment.actionsOf(task, answer) ?? []) {
    if (!environment.actions(state).includes(action)) break;
    const result = environment.step(state, action);
    steps.push({ state: environment.snapshot(state), action, outcome: result.outcome });
    if (result.done) break;
    state = result.state;
  }
  return steps;
}

/** A random action from the state in which the step began, executed from a restored snapshot. */
function explorationStep(environment: Environment, { state: snapshot }: Step, random: Random): Step {
  const state = environment.restore(snapshot);
  const action = pick(random, environment.actions(state));
  return { state: snapshot, action, outcome: environment.step(state, action).outcome };
}

/** The first `count` of the steps that are new and reserved for training. */
function select(steps: readonly Step[], count: number, exploration: boolean, seen: Set<string>): TransitionInput[] {
  const selected: TransitionInput[] = [];
  for (const step of steps) {
    if (selected.length >= count) break;
    const key = `${step.state} ${step.action}`;
    if (seen.has(key) || splitOfStep(step.state, step.action) !== 'train') continue;
    seen.add(key);
    selected.push({ ...step, exploration });
  }
  return selected;
}

/**
 * Up to `count` distinct executed steps of a group's readable answers, in random order, for the world model to predict. Half of them (of an odd number
 * the larger half as often as not) are exploration: a random action from a visited state, because steps of a good policy alone show too little of the
 * world. Steps whose prompts are held out are left out. Empty where an answer is one single action.
 */
export function transitionsOf(environment: Environment, task: Task, group: SampleGroup, count: number, random: Random): TransitionInput[] {
  if (count === 0 || environment.actions(environment.reset(task)).length === 0) return [];
  const finished = group.samples.filter(({ failure }) => failure === 'FAILURE_CLASS_OK');
  const answers = new Set(finished.map(({ text }) => text));
  const steps = shuffled(
    random,
    [...answers].flatMap((answer) => executedSteps(environment, task, answer)),
  );
  const explored = Math.floor((count + random.integer(2)) / 2);
  const seen = new Set<string>();
  const chosen = select(steps, count - explored, false, seen);
  return [
    ...chosen,
    ...select(
      steps.map((step) => explorationStep(environment, step, random)),
      explored,
      true,
      seen,
    ),
  ];
}
