import { addressText, type Message } from '@redqueen/contract';
import type { Tell } from '@redqueen/runtime';
import { tellBatches } from '../batches/tell-batches.ts';
import type { Rules } from '../rules.ts';
import { closeIfComplete, expireEpisode, voidEpisode } from './close.ts';
import {
  recordAttempts,
  recordPredictions,
  recordRejected,
  recordSlot,
  recordTask,
  recordTransitions,
  recordVerdicts,
  type Recorded,
} from './record-facts.ts';
import { recordKnob } from './record-knob.ts';
import { recordRewards } from './record-rewards.ts';
import { recordAnchorResult, recordReleased } from './record-versions.ts';
import type { State } from './state.ts';
import { refuseBundle, type Refusal, type Work } from './work.ts';

/** What folding one message gives. */
export interface Folded {
  readonly state: State;
  /** Settlements for the curriculum and batches for the policy, in order. */
  readonly tells: readonly Tell[];
  /** Rewards that do not count, for the log. */
  readonly refusals: readonly Refusal[];
}

/** Who may tell which facts. A message of anybody else is none. */
const entitled: Readonly<Partial<Record<Message['kind'], readonly string[]>>> = {
  slot: ['curriculum/0'],
  task: ['proposer/0', 'gateway/0'],
  rejected: ['proposer/0'],
  attempts: ['executor/0'],
  transitions: ['executor/0'],
  predictions: ['world-model/0'],
  verdicts: ['verifier/0'],
  released: ['policy/0'],
  anchorResult: ['verifier/0'],
  expired: ['reward-aggregator/0'],
  knob: ['gateway/0'],
};

/** Files a message. Returns the episode that it was about, where that may now be complete. */
function record(work: Work, message: Message, sender: string): Recorded | undefined {
  switch (message.kind) {
    case 'slot':
      return recordSlot(work, message.body) as undefined;
    case 'task':
      return recordTask(work, message.body);
    case 'rejected':
      return recordRejected(work, message.body);
    case 'attempts':
      return recordAttempts(work, message.body);
    case 'transitions':
      return recordTransitions(work, message.body) as undefined;
    case 'predictions':
      return recordPredictions(work, message.body);
    case 'verdicts':
      return recordVerdicts(work, message.body);
    case 'rewards': {
      const episode = recordRewards(work, sender, message.body);
      return episode && { episode, fault: '' };
    }
    default:
      return undefined;
  }
}

/** Messages that are about no single episode's facts. */
function notice(work: Work, message: Message): void {
  if (message.kind === 'released') {
    recordReleased(work, message.body);
    for (const { agent, role } of work.rules.agents) if (agent === message.body.agent) tellBatches(work, role);
  } else if (message.kind === 'anchorResult') {
    recordAnchorResult(work, message.body);
  } else if (message.kind === 'expired') {
    const episode = work.state.episodes.get(message.body.episodeId);
    if (episode) expireEpisode(work, episode);
  } else if (message.kind === 'knob') recordKnob(work, message.body);
}

/**
 * state' = fold(state, message): the whole of the reward aggregator. It reads no clock and no randomness but seeded hashes, so that the same stream
 * always gives the same settlements and batches. Messages that it does not know, or that their sender may not tell, change nothing but the count.
 */
export function fold(rules: Rules, state: State, message: Message): Folded {
  const work: Work = { rules, state, tells: [], refusals: [] };
  const sender = addressText(message.from);
  state.folded += 1;
  const senders = entitled[message.kind];
  if (message.run !== rules.run && message.kind === 'rewards') refuseBundle(work, message.body, 'wrong-run');
  if (message.run === rules.run && (!senders || senders.includes(sender))) {
    const recorded = record(work, message, sender);
    if (recorded) {
      const { episode, fault } = recorded;
      episode.news += 1;
      if (fault) voidEpisode(work, episode, fault);
      else closeIfComplete(work, episode);
    } else notice(work, message);
  }
  return { state, tells: work.tells, refusals: work.refusals };
}
