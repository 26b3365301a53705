import type { AnchorAttempts, AnchorTask } from '@redqueen/contract';
import { RedQueenError, type AnyPlugin, type Recipe, type RunRecord, type Verifier } from '@redqueen/core';
import {
  addresses,
  agents,
  noUseFor,
  requireAgent,
  type ActorContext,
  type PolicyClient,
  type PoolActor,
  type Tell,
} from '@redqueen/runtime';
import { createPairAnchors, measure, resultOf } from './anchors/index.ts';
import { verifyAttempts, type Panel } from './attempts.ts';
import { requireTruths } from './package-truths.ts';
import { rewardTruth } from './reward-truth.ts';
import { verifiers } from './verifiers/index.ts';

/** Groups in hand at once in one process. */
const concurrency = 64;

/** Who decides and who judges, as the recipe says. Throws `failed_precondition` where it names the truth and claims no ground truth. */
function panelOf(recipe: Recipe, policy: PolicyClient, plugins: readonly AnyPlugin[]): Panel {
  const known = verifiers.with(plugins);
  const tools = { policy, truth: rewardTruth(recipe) };
  const named = recipe.verifiers.map((choice, index) => known.create(choice, tools, `verifiers[${index}]`));
  const judge = recipe.roles.verifier.trains ? named.find(({ name }) => name === 'judge') : undefined;
  // The schema asks for at least one.
  return { decider: named[0] as Verifier, judge };
}

/**
 * The verifier of a run. The first verifier of the recipe says what is right; its model judges a balanced choice of answers without being told. It also measures how versions
 * do on held-out anchors, since nobody else may know the truth.
 */
export function createVerifierActor(record: RunRecord, policy: PolicyClient, plugins: readonly AnyPlugin[] = []): PoolActor {
  const { recipe } = record;
  requireTruths(recipe);
  const judge = verifiers.create({ use: 'judge' }, { policy });
  const panel = panelOf(recipe, policy, plugins);
  const tryPairs = createPairAnchors(recipe, policy, judge);

  const onAnchorAttempts = (body: AnchorAttempts): Tell[] => {
    if (!body.task?.replyTo) throw new RedQueenError('invalid_argument', `anchor attempts ${body.anchorId}: task.reply_to is missing`);
    return [{ to: body.task.replyTo, kind: 'anchorResult', body: resultOf(body.task, body.policy, measure(body, recipe)) }];
  };

  const onAnchorTask = async (task: AnchorTask, { run, signal }: ActorContext): Promise<Tell[]> => {
    requireAgent(task, agents.verifier);
    if (!task.replyTo) throw new RedQueenError('invalid_argument', `anchor task ${task.anchorId}: reply_to is missing`);
    const { measured, policy: stamp } = await tryPairs(run, task, signal);
    return [{ to: task.replyTo, kind: 'anchorResult', body: resultOf(task, stamp, measured) }];
  };

  return {
    type: 'pool',
    address: addresses.verifier,
    concurrency,
    async receive(message, context) {
      switch (message.kind) {
        case 'attempts':
          return verifyAttempts(panel, context.run, message.body, context.random('judge'), context.signal);
        case 'anchorAttempts':
          return onAnchorAttempts(message.body);
        case 'anchorTask':
          return onAnchorTask(message.body, context);
        default:
          throw noUseFor(message, 'attempts', 'anchorAttempts', 'anchorTask');
      }
    },
  };
}
