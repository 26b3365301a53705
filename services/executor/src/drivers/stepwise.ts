import type { FailureClass, SampleGroup } from '@redqueen/contract';
import {
  definePlugin,
  RedQueenError,
  seedOf,
  type AttemptPlan,
  type ContextManager,
  type Environment,
  type PolicyClient,
  type Task,
} from '@redqueen/core';
import { environmentByName, requireFamily } from '@redqueen/environments';
import { agents } from '@redqueen/runtime';
import { z } from 'zod';
import { failureClassOf } from './failure-class.ts';

/** What came of one attempt. */
interface Walk {
  readonly actions: string;
  readonly failure: FailureClass;
}

/** The next action that the policy wants in a state, or why there is none. */
type Decision = { readonly action: string } | { readonly failure: FailureClass };

/** Asks the policy what to do about a task that remains. */
type Ask = (task: Task, seed: number) => Promise<SampleGroup>;

function remainingTask(environment: Environment, state: unknown): Task {
  const task = environment.remaining?.(state);
  if (task) return task;
  throw new RedQueenError('invalid_argument', `environment ${environment.name}: it is answered at once; use the driver "plan"`);
}

async function decide(environment: Environment, task: Task, ask: Ask, seed: number): Promise<Decision> {
  const [sample] = (await ask(task, seed)).samples;
  if (!sample) throw new RedQueenError('data_loss', `task ${task.canonical}: the policy service answered nothing`);
  const failure = failureClassOf(environment, task, sample);
  const action = failure === 'FAILURE_CLASS_OK' ? environment.actionsOf(task, sample.text)?.[0] : undefined;
  return action === undefined ? { failure } : { action };
}

/** Plans from the current state, takes the plan's first action, and plans again until the task is done or the budget of actions is used up. */
async function walk(environment: Environment, task: Task, ask: Ask, seed: number): Promise<Walk> {
  const budget = requireFamily(environment, task.family).maxAnswer - 1;
  let state = environment.reset(task);
  let actions = '';
  for (let step = 0; step < budget; step++) {
    const decision = await decide(environment, remainingTask(environment, state), ask, seedOf(seed, step, 'step'));
    if ('failure' in decision) return { actions, failure: decision.failure };
    const result = environment.step(state, decision.action);
    actions += decision.action;
    if (result.done) return { actions, failure: 'FAILURE_CLASS_OK' };
    state = result.state;
  }
  return { actions, failure: 'FAILURE_CLASS_TRUNCATED' };
}

async function attempt(
  { task, attempts, seed, ...rest }: AttemptPlan,
  context: ContextManager,
  policy: PolicyClient,
  signal?: AbortSignal,
): Promise<SampleGroup> {
  const environment = environmentByName(task.environment);
  const maxTokens = requireFamily(environment, task.family).maxAnswer;
  let first: SampleGroup | undefined;
  const ask: Ask = async (remaining, stepSeed) => {
    const { prompt } = await context.build({ role: 'executor', task: remaining, prompt: environment.prompt(remaining) });
    const prompts = [{ text: prompt, samples: 1, seed: stepSeed }];
    const [group] = await policy.generate({ ...rest, agent: rest.agent ?? agents.executor, prompts, maxTokens }, signal);
    if (!group) throw new RedQueenError('data_loss', `task ${task.canonical}: the policy service answered nothing`);
    first ??= group;
    return group;
  };
  remainingTask(environment, environment.reset(task));
  const walks = await Promise.all(
    Array.from({ length: attempts }, (_, index) => walk(environment, task, ask, seedOf(seed, index, 'attempt'))),
  );
  return {
    prompt: environment.prompt(task),
    promptTokens: [],
    samples: walks.map(({ actions, failure }) => ({ tokens: [], logProbs: [], text: actions, failure, given: [] })),
    policy: first?.policy ?? null,
  };
}

/**
 * Acts step by step through the environment's step side and plans anew in every state, so that a mistake can be mended where it is seen.
 * A sample's text is the actions that were executed. It carries no tokens: they answered many prompts, not the group's, so nothing is trained on it.
 */
export const stepwise = definePlugin({
  kind: 'rollout-driver',
  name: 'stepwise',
  source: 'model predictive control with the policy as the planner, e.g. Hafner et al. 2019; ours in form',
  about: 'Plans anew in every state and takes the plan’s first action; nothing is trained on it.',
  options: z.strictObject({}),
  create: (_options, { context }) => ({
    name: 'stepwise',
    trainable: false,
    attempt: (asked, policy, signal) => attempt(asked, context, policy, signal),
  }),
});
