import type { Body, Message } from '@redqueen/contract';
import { carriesReward } from '@redqueen/runtime';
import type { ScoredAnswer } from './balance-score.ts';

/** A task that was attempted and is not settled. */
export interface OpenTask {
  readonly temperature: number;
  /** By attempt; void ones are undefined. */
  readonly answers: readonly (string | undefined)[];
  readonly right: ReadonlySet<number>;
}

/** By episode. The executor's tasks alone: the aggregator voids what never settles, so there are never many. */
export type OpenTasks = ReadonlyMap<string, OpenTask>;

/** A task whose episode was settled. */
export interface SettledTask {
  readonly temperature: number;
  readonly answers: readonly ScoredAnswer[];
}

function attempted(open: OpenTasks, { taskId, spec, group, temperature }: Body<'attempts'>): OpenTasks {
  if (spec?.origin === 'user' || temperature === undefined) return open;
  const answers = (group?.samples ?? []).map(({ text, failure }) => (carriesReward(failure) ? text : undefined));
  return new Map(open).set(taskId, { temperature, answers, right: new Set() });
}

function rewarded(open: OpenTasks, { episodeId, rewards }: Body<'rewards'>, agent: string): OpenTasks {
  const task = open.get(episodeId);
  const right = rewards.filter((reward) => reward.agent === agent && reward.term === 'outcome' && reward.value >= 0.5);
  if (!task || right.length === 0) return open;
  return new Map(open).set(episodeId, { ...task, right: new Set([...task.right, ...right.map(({ turn }) => turn)]) });
}

/** The task that a settlement completes, with each attempt's total as its score; undefined for one that is void or of no executor. */
export function settledTask(open: OpenTasks, { episodeId, status, totals }: Body<'settlement'>, agent: string): SettledTask | undefined {
  const task = open.get(episodeId);
  const own = totals.find((entry) => entry.agent === agent);
  if (!task || !own || status !== 'SETTLEMENT_STATUS_SETTLED') return undefined;
  const answers = own.turns.flatMap((turn, place): ScoredAnswer[] => {
    const [answer, score] = [task.answers[turn], own.totals[place]];
    return answer === undefined || score === undefined ? [] : [{ answer, right: task.right.has(turn), score }];
  });
  return { temperature: task.temperature, answers };
}

/** The open tasks after a message. */
export function openTasksAfter(open: OpenTasks, message: Message, agent: string): OpenTasks {
  if (message.kind === 'attempts') return message.body.group?.policy?.agent === agent ? attempted(open, message.body) : open;
  if (message.kind === 'rewards') return rewarded(open, message.body, agent);
  if (message.kind !== 'settlement' || !open.has(message.body.episodeId)) return open;
  const rest = new Map(open);
  rest.delete(message.body.episodeId);
  return rest;
}
