import type { RewardsInput } from '@redqueen/contract';
import { rewardId } from '@redqueen/core';

/** One number that an agent earned. */
export interface Earned {
  /** The agent, e.g. "executor/0". */
  readonly agent: string;
  /** Which attempt, proposal or prediction of the episode, from 0. */
  readonly turn: number;
  readonly term: string;
  readonly value: number;
  /** What it was derived from, for a person to read. */
  readonly evidence: string;
}

/** Whose episode it is, and who tells. */
export interface Told {
  readonly run: string;
  readonly episode: string;
  /** The agent that tells, e.g. "verifier/0". */
  readonly teller: string;
}

/** A bundle of rewards with their ids, not yet signed. Handling the same input again gives the same ids. */
export function rewardsOf({ run, episode, teller }: Told, earned: readonly Earned[]): RewardsInput {
  const epoch = 0;
  return {
    episodeId: episode,
    teller,
    epoch,
    rewards: earned.map((reward) => {
      const role = reward.agent.slice(0, reward.agent.indexOf('/'));
      return {
        ...reward,
        role,
        rewardId: rewardId({ run, episode, agent: reward.agent, role, turn: reward.turn, term: reward.term, epoch }),
      };
    }),
  };
}
