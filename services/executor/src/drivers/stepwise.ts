import type { FailureClass, SampleGroup } from '@redqueen/contract';
import { RedQueenError, seedOf, type Environment, type Task } from '@redqueen/core';
import { environmentByName, requireFamily } from '@redqueen/environments';
import { agents, type PolicyClient } from '@redqueen/runtime';
import type { AttemptPlan, RolloutDriver } from './driver.ts';
import { failureClassOf } from './failure-class.ts';

/** What came of one attempt. */
interface Walk {
  readonly actions: string;
  readonly failure: FailureClass;
}

/** The next action that the policy wants in a state, or why there is none. */
type Decision = { readonly action: string } | { readonly failure: FailureClass };

type Ask = (text: string, seed: number) => Promise<SampleGroup>;

function remainingTask(environment: Environment, state: unknown): Task {
  const task = environment.remaining?.(state);
  if (task) return task;
  throw new RedQueenError('invalid_argument', `environment ${environment.name}: it is answered at once; use the driver "plan"`);
}

async function decide(environment: Environment, task: Task, ask: Ask, seed: number): Promise<Decision> {
  const [sample] = (await ask(environment.prompt(task), seed)).samples;
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

/**
 * Acts step by step through the environment's step side and plans anew in every state, so that a mistake can be mended where it is seen.
 * A sample's text is the actions that were executed. It carries no tokens: they answered many prompts, not the group's, so nothing is trained on it.
 */
export const stepwise: RolloutDriver = {
  name: 'stepwise',
  trainable: false,
  async attempt({ task, attempts, seed, ...rest }: AttemptPlan, policy: PolicyClient, signal?: AbortSignal): Promise<SampleGroup> {
    const environment = environmentByName(task.environment);
    const maxTokens = requireFamily(environment, task.family).maxAnswer;
    let first: SampleGroup | undefined;
    const ask: Ask = async (text, stepSeed) => {
      const prompts = [{ text, samples: 1, seed: stepSeed }];
      const [group] = await policy.generate({ ...rest, agent: agents.executor, prompts, maxTokens }, signal);
      if (!group) throw new RedQueenError('data_loss', `task ${task.canonical}: the policy service answered nothing`);
      first ??= group;
      return group;
    };
    remainingTask(environment, environment.reset(task));
    const walks = await Promise.all(
      Array.from({ length: attempts }, (_, attempt) => walk(environment, task, ask, seedOf(seed, attempt, 'attempt'))),
    );
    return {
      prompt: environment.prompt(task),
      promptTokens: [],
      samples: walks.map(({ actions, failure }) => ({ tokens: [], logProbs: [], text: actions, failure, given: [] })),
      policy: first?.policy ?? null,
    };
  },
};
