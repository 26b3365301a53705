import type { PredictRequest, PredictResponseInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { environmentByName } from '@redqueen/environments';
import { createActorPolicyClient, createPolicyClient, type CreateService, type PolicyClient } from '@redqueen/runtime';
import { createWorldModelActor } from './actor.ts';
import { learnedWorld, predictionTokens } from './predictions.ts';

/** The step as the environment executes it, for its outcome's form. Throws `invalid_argument` naming the field, unless it can be taken. */
function executed({ environment: name, state: snapshot, action }: PredictRequest): { state: string; action: string; outcome: string } {
  const environment = environmentByName(name);
  const state = environment.restore(snapshot);
  const actions = environment.actions(state);
  if (!actions.includes(action)) {
    throw new RedQueenError(
      'invalid_argument',
      `action: ${JSON.stringify(action)} cannot be taken there; possible are ${actions.join(', ') || 'none'}`,
    );
  }
  return { state: snapshot, action, outcome: environment.step(state, action).outcome };
}

async function answer(request: PredictRequest, policy: PolicyClient, signal: AbortSignal): Promise<PredictResponseInput> {
  const { run, samples, seed } = request;
  if (samples < 1 || samples > 64) throw new RedQueenError('invalid_argument', `samples: ${samples} must be 1 to 64`);
  const steps = [executed(request)];
  const plan = { run, steps, samples, temperature: samples === 1 ? 0 : 1, seed, maxTokens: predictionTokens(steps) };
  const [group] = await learnedWorld(policy).predict(plan, signal);
  return { group: group ?? null };
}

/** The world-model service: predicts the executed steps of runs, and single steps for anyone who asks. */
export const createWorldModel: CreateService = async ({ clock, connect }) => {
  const policy = createPolicyClient(connect('policy'), clock);
  const actorPolicy = createActorPolicyClient(connect('policy'), clock);
  return {
    rpc: { WorldModelService: { Predict: (request, call) => answer(request, policy, call.signal) } },
    actors: (record) => [createWorldModelActor(record, actorPolicy)],
    dependencies: ['policy'],
  };
};
