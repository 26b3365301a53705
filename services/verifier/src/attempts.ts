import type { Attempts } from '@redqueen/contract';
import { RedQueenError, type Random, type Verifier } from '@redqueen/core';
import { addresses, agents, rewardsOf, taskOf, type Tell } from '@redqueen/runtime';
import { interactionRewards } from './interaction.ts';
import { pickToJudge } from './pick-to-judge.ts';
import { outcomesOf } from './outcomes.ts';
import { brierRewards, learnabilityRewards, outcomeRewards, type Judged } from './rewards.ts';
import { verdictOf } from './verdicts.ts';

/** Who verifies. */
export interface Panel {
  /** Decides what is right: rewards the executor and the proposer. The first of the recipe's verifiers. */
  readonly decider: Verifier;
  /** The model that learns to say it; absent where the recipe does not name or train it. */
  readonly judge: Verifier | undefined;
}

/** Index of the proposal that a task came from: the last part of its id. */
function proposalIndex(taskId: string): number {
  const index = Number(taskId.slice(taskId.lastIndexOf('.') + 1));
  if (!Number.isInteger(index)) throw new RedQueenError('invalid_argument', `task ${taskId}: a proposed task's id is <slot>.<index>`);
  return index;
}

/** What is told of a group of attempts: the verdicts of the model, and the rewards of everyone whom the verifier can judge. */
export async function verifyAttempts(panel: Panel, run: string, body: Attempts, random: Random, signal: AbortSignal): Promise<Tell[]> {
  const task = taskOf(body.spec);
  if (!body.group) throw new RedQueenError('invalid_argument', `attempts of ${body.taskId}: the group is missing`);
  const outcomes = await outcomesOf(run, task, body, panel.decider, signal);
  const picked = panel.judge ? pickToJudge(outcomes, random) : [];
  const opinions =
    (await panel.judge?.verify(
      { run },
      picked.map(({ answer }) => ({ task, answer })),
      signal,
    )) ?? [];
  const judged: Judged[] = opinions.flatMap((opinion, index) => (picked[index] ? [{ outcome: picked[index], opinion }] : []));
  const earned = [
    ...outcomeRewards(panel.decider.name, outcomes, body.group.policy?.agent || agents.executor),
    ...(body.spec?.origin === 'proposer' ? learnabilityRewards(proposalIndex(body.taskId), outcomes) : []),
    ...brierRewards(judged),
    ...interactionRewards(body),
  ];
  const verdicts = judged.map(({ outcome, opinion }) => verdictOf(outcome.attempt, opinion));
  const bundle = rewardsOf({ run, episode: body.taskId, teller: agents.verifier }, earned);
  return [
    { to: addresses.rewardAggregator, kind: 'verdicts', body: { taskId: body.taskId, verdicts } },
    { to: addresses.rewardAggregator, kind: 'rewards', body: bundle },
  ];
}
