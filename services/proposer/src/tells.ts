import type { Slot } from '@redqueen/contract';
import { seedOf } from '@redqueen/core';
import { addresses, agents, rewardsOf, specOf, type Tell } from '@redqueen/runtime';
import type { Repetition } from './repetition.ts';
import { drawnTask, type Draft } from './sources/index.ts';

/** What the tells of a slot depend on. */
export interface SlotDrafts {
  readonly run: string;
  /** The run's seed. */
  readonly seed: number;
  readonly slot: Slot;
  readonly drafts: readonly Draft[];
  /** What the repetition term says of each draft; undefined for one that is no task of a policy. */
  readonly repetitions: readonly (Repetition | undefined)[];
}

/** The task of one place of the slot: the proposal, or a task drawn in its place, which earns the proposer nothing. */
function taskTell({ run, seed, slot }: SlotDrafts, draft: Draft, index: number): Tell {
  const taskId = `${slot.slotId}.${index}`;
  const proposed = draft.task !== undefined && draft.proposal !== undefined;
  const task = draft.task ?? drawnTask({ ...slot, run }, index);
  return {
    to: addresses.executor,
    kind: 'task',
    body: {
      taskId,
      slotId: slot.slotId,
      index,
      spec: specOf(task, proposed ? 'proposer' : 'generator'),
      attempts: slot.attempts,
      seed: seedOf(seed, taskId, 'attempts'),
      ...(slot.temperature === undefined ? {} : { temperature: slot.temperature }),
      proposal: proposed ? draft.proposal : null,
    },
  };
}

/** What the proposer earns by the form of a proposal, and what the curriculum hears of one that is no task. A held-out proposal earns nothing, good or bad. */
function judgementTells({ run, slot, repetitions }: SlotDrafts, draft: Draft, index: number): Tell[] {
  if (!draft.proposal) return [];
  const earned = (term: string, value: number, evidence: string) => ({ agent: agents.proposer, turn: index, term, value, evidence });
  const rewards = (episode: string, ...all: ReturnType<typeof earned>[]): Tell => ({
    to: addresses.rewardAggregator,
    kind: 'rewards',
    body: rewardsOf({ run, episode, teller: agents.proposer }, all),
  });
  const episode = `${slot.slotId}.${index}`;
  if (draft.rejection === undefined) {
    const { value, evidence } = repetitions[index] ?? { value: 0, evidence: 'none' };
    return [rewards(episode, earned('validity', 1, 'a task of its slot'), earned('repetition', value, evidence))];
  }
  const rejected: Tell = {
    to: addresses.curriculum,
    kind: 'rejected',
    body: { slotId: slot.slotId, index, reason: draft.rejection, proposal: draft.proposal },
  };
  return draft.rejection === 'held-out' ? [rejected] : [rejected, rewards(`${episode}/r`, earned('validity', 0, draft.rejection))];
}

/**
 * Everything that is told of a slot: first its tasks, one a place whatever the proposals were, so that garbage never stops the loop and handling the
 * slot again gives every task the same id; then what each proposal earned.
 */
export function slotTells(slot: SlotDrafts): Tell[] {
  return [
    ...slot.drafts.map((draft, index) => taskTell(slot, draft, index)),
    ...slot.drafts.flatMap((draft, index) => judgementTells(slot, draft, index)),
  ];
}
