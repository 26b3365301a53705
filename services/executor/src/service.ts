import type { AttemptRequest, AttemptResponseInput } from '@redqueen/contract';
import { RedQueenError, type CodeRunner, type Task } from '@redqueen/core';
import { environmentByName, readTask } from '@redqueen/environments';
import { createActorPolicyClient, createPolicyClient, type CreateService, type PolicyClient } from '@redqueen/runtime';
import { createSandbox } from '@redqueen/sandbox';
import { createExecutorActor } from './actor.ts';
import { barely } from './contexts.ts';
import { drivers } from './drivers/index.ts';
import { plugins } from './plugins.ts';

/** The task of a request, as its canonical form says. Throws `invalid_argument` naming the field. */
function requestedTask({ spec }: AttemptRequest): Task {
  const task = spec?.environment ? environmentByName(spec.environment).parse(spec.canonical) : readTask(spec?.canonical ?? '');
  if (!task)
    throw new RedQueenError('invalid_argument', `spec.canonical: ${JSON.stringify(spec?.canonical ?? '')} is no task; write e.g. "37+45"`);
  return task;
}

async function attempt(
  request: AttemptRequest,
  policy: PolicyClient,
  code: CodeRunner,
  signal: AbortSignal,
): Promise<AttemptResponseInput> {
  const { run, attempts, temperature, seed } = request;
  if (attempts < 1 || attempts > 64) throw new RedQueenError('invalid_argument', `attempts: ${attempts} must be 1 to 64`);
  if (!(temperature >= 0)) throw new RedQueenError('invalid_argument', `temperature: ${temperature} must be 0 or more`);
  const driver = drivers.create({ use: request.driver || 'plan' }, { context: barely, code }, 'driver');
  return { group: await driver.attempt({ run, task: requestedTask(request), attempts, temperature, seed }, policy, signal) };
}

/** The executor service: attempts tasks of runs, and of anyone who asks. */
export const createExecutor: CreateService = async ({ clock, connect }) => {
  const policy = createPolicyClient(connect('policy'), clock);
  const actorPolicy = createActorPolicyClient(connect('policy'), clock);
  // Starts its process with the first program.
  const code = createSandbox({ clock });
  return {
    rpc: { ExecutorService: { Attempt: (request, call) => attempt(request, policy, code, call.signal) } },
    actors: (record, more) => [createExecutorActor(record, actorPolicy, more, code)],
    plugins,
    check: (record, more) => void createExecutorActor(record, actorPolicy, more),
    dependencies: ['policy'],
    close: () => code.close(),
  };
};
