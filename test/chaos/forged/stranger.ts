import type { Message, MessageInput, Rewards, RewardsInput } from '@redqueen/contract';
import { agents, addresses, rewardsOf, signBundle, type Bus } from '@redqueen/runtime';
import { keyFrom } from './honest.ts';

/** What the ids of its messages begin with. */
const mark = 'stranger-';
const own = keyFrom('stranger');

/** Whether the message is a stranger's. */
export function isForged({ id }: Message): boolean {
  return id.startsWith(mark);
}

/** Full marks for every attempt, told in the verifier's name: a bundle as it would be without a signature. */
function fullMarks(run: string, episode: string, attempts: number): RewardsInput {
  const earned = Array.from({ length: attempts }, (_, turn) => ({
    agent: agents.executor,
    turn,
    term: 'outcome',
    value: 1,
    evidence: 'trust me',
  }));
  return rewardsOf({ run, episode, teller: agents.verifier }, earned);
}

/** The bundle as its teller signed it, with every value another one. */
function altered(body: Rewards): RewardsInput {
  return { ...body, rewards: body.rewards.map((reward) => ({ ...reward, value: reward.value === 1 ? 0 : 1 })) };
}

/** What the stranger tells when it hears a message: before a task can have been attempted, and after somebody told rewards. */
function forgeriesFor(run: string, message: Message): RewardsInput[] {
  if (message.kind === 'task') {
    const bundle = fullMarks(run, message.body.taskId, message.body.attempts);
    return [bundle, signBundle(run, bundle, own), { ...bundle, rewards: [] }];
  }
  return message.kind === 'rewards' ? [altered(message.body), message.body] : [];
}

/**
 * Somebody who may publish on the run's stream and holds no key: it follows the stream and tells forged bundles in the tellers' names until `most` are
 * told or the signal aborts. Resolves with how many it told.
 */
export async function forgeAlong(bus: Bus, run: string, most: number, signal: AbortSignal): Promise<number> {
  await bus.openRun(run);
  let told = 0;
  for await (const { message } of bus.read(run, { from: 1, follow: true, signal })) {
    if (isForged(message)) continue;
    for (const body of forgeriesFor(run, message)) {
      const from = message.kind === 'rewards' ? message.from : addresses.verifier;
      const envelope = { id: `${mark}${told}`, run, from, to: addresses.rewardAggregator, cause: message.id, traceparent: '' };
      await bus.publish({ ...envelope, kind: 'rewards', body } satisfies MessageInput);
      told += 1;
      if (told === most) return told;
    }
  }
  return told;
}
