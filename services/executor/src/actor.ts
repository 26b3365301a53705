import type { AnchorTask, SampleGroup, Task as TaskMessage } from '@redqueen/contract';
import {
  agentsOfRole,
  pick,
  randomOf,
  RedQueenError,
  seedOf,
  type AnyPlugin,
  type CodeRunner,
  type Discussed,
  type DriverTools,
  type PolicyClient,
  type Recipe,
  type RolloutDriver,
  type RunRecord,
  type Task,
} from '@redqueen/core';
import { environmentByName } from '@redqueen/environments';
import {
  addresses,
  failureOf,
  noUseFor,
  requireAgent,
  requireSamples,
  requireTemperature,
  taskOf,
  type ActorContext,
  type PoolActor,
  type Tell,
} from '@redqueen/runtime';
import { createAnchors } from './anchors.ts';
import { barely, contextsOf, remember } from './contexts.ts';
import { drivers } from './drivers/index.ts';
import { transitionsOf } from './transitions.ts';

/** Tasks in hand at once in one process: with eight attempts each, enough to fill the policy service's batches twice. */
const concurrency = 64;

/** The task of a message. Throws `invalid_argument` for a text that is none, `failed_precondition` for a held-out one: nothing that is held out is ever trained on. */
function trainingTask(body: TaskMessage): Task {
  const task = taskOf(body.spec);
  const environment = environmentByName(task.environment);
  if (!environment.parse(task.canonical)) {
    const text = JSON.stringify(task.canonical.slice(0, 80));
    throw new RedQueenError('invalid_argument', `task ${body.taskId}: ${text} is no task of ${environment.name}`);
  }
  if (environment.splitOf(task) !== 'train') {
    throw new RedQueenError(
      'failed_precondition',
      `task ${body.taskId}: ${task.canonical} is held out; only tasks of the training split are attempted for learning`,
    );
  }
  return task;
}

/** A group of attempts that the infrastructure failed: without tokens, so that nothing can be made of them. */
function failedGroup(task: Task, agent: string, attempts: number, reason: unknown): SampleGroup {
  const failure = failureOf(reason);
  return {
    prompt: environmentByName(task.environment).prompt(task),
    promptTokens: [],
    samples: Array.from({ length: attempts }, () => ({ tokens: [], logProbs: [], text: '', failure, given: [] })),
    policy: { agent, version: 0, adapterHash: '' },
  };
}

/** Throws `invalid_argument` where executors are paid for what peers say and the driver lets nobody speak. */
function requireDiscussion({ driver: { use }, roles }: Recipe, driver: RolloutDriver): void {
  if (driver.discuss || !roles.executor.rewards.some((reward) => reward.use === 'interaction')) return;
  throw new RedQueenError(
    'invalid_argument',
    `roles.executor.rewards: interaction is earned in discussions, and the driver ${use} holds none; take the driver "discussion"`,
  );
}

/** The driver that a recipe names. Throws `invalid_argument` where its samples cannot be trained on though the executor trains, or cannot earn its rewards. */
function driverOf({ recipe }: RunRecord, tools: DriverTools, plugins: readonly AnyPlugin[]): RolloutDriver {
  const driver = drivers.with(plugins).create(recipe.driver, tools, 'driver');
  requireDiscussion(recipe, driver);
  if (driver.trainable || !recipe.roles.executor.trains) return driver;
  throw new RedQueenError(
    'invalid_argument',
    `driver: nothing can be trained on what ${recipe.driver.use} samples; set roles.executor.trains to false or take "plan"`,
  );
}

/**
 * The executors of a run; `plugins` are those of the recipe's packages, `code` is where drivers run code. A task becomes one group of attempts for the verifier, made by one of the peers, and its executed steps become transitions for the world model.
 * Attempts that the policy service could not make, retries included, are told as infrastructure failures; they are void, never wrong.
 */
export function createExecutorActor(
  record: RunRecord,
  policy: PolicyClient,
  plugins: readonly AnyPlugin[] = [],
  code?: CodeRunner,
): PoolActor {
  const { recipe } = record;
  const contexts = contextsOf(record, plugins);
  const runner = code && { code };
  const driver = driverOf(record, { context: contexts.context, ...runner }, plugins);
  const peers = agentsOfRole(recipe, 'executor');
  const tryAnchors = createAnchors(recipe, driverOf(record, { context: barely, ...runner }, plugins), policy);

  const attempt = async (run: string, task: Task, body: TaskMessage, temperature: number, signal: AbortSignal): Promise<Discussed> => {
    const agent = pick(randomOf(body.seed, 'author'), peers);
    const asked = { run, agent, task, attempts: body.attempts, temperature, seed: body.seed };
    try {
      const group = await driver.attempt(asked, policy, signal);
      return (await driver.discuss?.({ ...asked, group, peers }, policy, signal)) ?? { group, acts: [] };
    } catch (reason) {
      // A stopping actor has not failed: its message goes back and is handled by another replica.
      if (signal.aborted) throw reason;
      return { group: failedGroup(task, agent, body.attempts, reason), acts: [] };
    }
  };

  const onTask = async (body: TaskMessage, context: ActorContext): Promise<Tell[]> => {
    requireSamples(`task ${body.taskId}: attempts`, body.attempts);
    requireTemperature(`task ${body.taskId}`, body.temperature);
    const task = trainingTask(body);
    const temperature = body.temperature ?? recipe.temperature;
    const { group, acts } = await attempt(context.run, task, body, temperature, context.signal);
    await remember(contexts, task, group);
    const { taskId, slotId, spec } = body;
    const tells: Tell[] = [
      { to: addresses.verifier, kind: 'attempts', body: { taskId, slotId, spec, group, temperature, acts: [...acts] } },
    ];
    if (!recipe.roles['world-model'].trains) return tells;
    const environment = environmentByName(task.environment);
    const transitions = transitionsOf(environment, task, group, recipe.transitionsPerTask, context.random('transitions'));
    if (transitions.length === 0) return tells;
    const predictions = recipe.predictionsPerTransition;
    const seed = seedOf(record.seed, taskId, 'predictions');
    return [
      ...tells,
      { to: addresses.worldModel, kind: 'transitions', body: { taskId, environment: environment.name, transitions, predictions, seed } },
    ];
  };

  const onAnchorTask = async (body: AnchorTask, context: ActorContext): Promise<Tell[]> => {
    requireAgent(body, ...peers);
    return [{ to: addresses.verifier, kind: 'anchorAttempts', body: await tryAnchors(context.run, body, context.signal) }];
  };

  return {
    type: 'pool',
    address: addresses.executor,
    concurrency,
    async receive(message, context) {
      if (message.kind === 'task') return onTask(message.body, context);
      if (message.kind === 'anchorTask') return onAnchorTask(message.body, context);
      throw noUseFor(message, 'task', 'anchorTask');
    },
  };
}
