import type { JudgeRequest, JudgeResponseInput } from '@redqueen/contract';
import { RedQueenError, type Task, type Verifier } from '@redqueen/core';
import { environmentByName, readTask } from '@redqueen/environments';
import { createActorPolicyClient, createPolicyClient, type CreateService } from '@redqueen/runtime';
import { createVerifierActor } from './actor.ts';
import { loadPackageTruths } from './package-truths.ts';
import { verdictOf } from './verdicts.ts';
import { plugins } from './plugins.ts';
import { verifiers } from './verifiers/index.ts';

/** The task of a request, as its canonical form says. Throws `invalid_argument` naming the field. */
function requestedTask({ spec }: JudgeRequest): Task {
  const task = spec?.environment ? environmentByName(spec.environment).parse(spec.canonical) : readTask(spec?.canonical ?? '');
  if (!task)
    throw new RedQueenError('invalid_argument', `spec.canonical: ${JSON.stringify(spec?.canonical ?? '')} is no task; write e.g. "37+45"`);
  return task;
}

async function judgeAnswers(request: JudgeRequest, judge: Verifier, signal: AbortSignal): Promise<JudgeResponseInput> {
  const { run, answers } = request;
  if (answers.length > 256) throw new RedQueenError('invalid_argument', `answers: ${answers.length} are too many; at most 256`);
  const task = requestedTask(request);
  const opinions = await judge.verify(
    { run },
    answers.map((answer) => ({ task, answer })),
    signal,
  );
  return { verdicts: opinions.map((opinion, index) => verdictOf(index, opinion)) };
}

/** The verifier service: verifies the attempts of runs, and judges answers for anyone who asks, by its model alone. */
export const createVerifier: CreateService = async ({ clock, connect }) => {
  const policy = createPolicyClient(connect('policy'), clock);
  const actorPolicy = createActorPolicyClient(connect('policy'), clock);
  const judge = verifiers.create({ use: 'judge' }, { policy });
  return {
    rpc: { VerifierService: { Judge: (request, call) => judgeAnswers(request, judge, call.signal) } },
    actors: (record, packages) => [createVerifierActor(record, actorPolicy, packages)],
    plugins,
    prepare: loadPackageTruths,
    check: (record, more) => void createVerifierActor(record, actorPolicy, more),
    dependencies: ['policy'],
  };
};
