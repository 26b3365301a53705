import type { AnchorTask, Transitions } from '@redqueen/contract';
import type { RunRecord } from '@redqueen/core';
import { splitOfStep } from '@redqueen/environments';
import {
  addresses,
  agents,
  noUseFor,
  requireAgent,
  requireSamples,
  rewardsOf,
  type ActorContext,
  type PolicyClient,
  type PoolActor,
  type Tell,
} from '@redqueen/runtime';
import { createAnchors } from './anchors.ts';
import { learnedWorld, predictionTokens } from './predictions.ts';
import { predictionRewards } from './rewards.ts';

/** Messages in hand at once in one process. */
const concurrency = 32;

/** The world model of a run: it predicts executed steps and earns by the fields that it got right. Held-out steps are never predicted for learning. */
export function createWorldModelActor(record: RunRecord, policy: PolicyClient): PoolActor {
  const tryAnchors = createAnchors(record.recipe, policy);
  const world = learnedWorld(policy);

  const onTransitions = async (body: Transitions, { run, signal }: ActorContext): Promise<Tell[]> => {
    requireSamples(`transitions of ${body.taskId}: predictions`, body.predictions);
    const transitions = body.transitions.filter(({ state, action }) => splitOfStep(state, action) === 'train');
    if (transitions.length === 0) return [];
    const { taskId, predictions: samples, seed } = body;
    const maxTokens = predictionTokens(transitions);
    const groups = await world.predict({ run, steps: transitions, samples, temperature: 1, seed, maxTokens }, signal);
    const bundle = rewardsOf({ run, episode: `${taskId}/w`, teller: agents.worldModel }, predictionRewards(transitions, groups));
    return [
      { to: addresses.rewardAggregator, kind: 'predictions', body: { taskId, transitions, groups: [...groups] } },
      { to: addresses.rewardAggregator, kind: 'rewards', body: bundle },
    ];
  };

  const onAnchorTask = async (task: AnchorTask, { run, signal }: ActorContext): Promise<Tell[]> => {
    requireAgent(task, agents.worldModel);
    return [{ to: addresses.verifier, kind: 'anchorAttempts', body: await tryAnchors(run, task, signal) }];
  };

  return {
    type: 'pool',
    address: addresses.worldModel,
    concurrency,
    async receive(message, context) {
      if (message.kind === 'transitions') return onTransitions(message.body, context);
      if (message.kind === 'anchorTask') return onAnchorTask(message.body, context);
      throw noUseFor(message, 'transitions', 'anchorTask');
    },
  };
}
