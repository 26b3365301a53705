import type { Message } from '@redqueen/contract';
import { bundle, inOrder, messageFrom, released, type Plan } from '../../../services/reward-aggregator/src/test-support.ts';

/** Slots after which every agent has a new version. */
const slotsPerVersion = 4;
const outcomes = [
  [1, 0, 0, 1],
  [0, 0, 1, 0],
  [1, 1, 1, 1],
  [0, 1, 1, 0],
] as const;

/** What all other roles tell in a run without end: slots, tasks, attempts of one executor after the other, verdicts, predictions, rewards, releases. */
export class Story {
  readonly #executors: number;
  #slot = 0;
  #version = -1;

  constructor(executors: number) {
    this.#executors = executors;
  }

  next(): Message[] {
    const slot = this.#slot++;
    const news = slot % slotsPerVersion === 0 ? this.#releases(++this.#version) : [];
    const plan = (place: number): Plan => ({
      proposal: place === 3 && slot % 2 === 1 ? 'malformed' : 'valid',
      outcomes: outcomes[(slot + place) % outcomes.length] ?? [],
      confidences: [0.7, 0.4],
      version: this.#version,
      ...(place === 0 && { predictions: [[1, 0, 0.5, 1]] }),
    });
    const executor = `executor/${slot % this.#executors}`;
    return [...news, ...inOrder(`${slot + 1}.0`, [0, 1, 2, 3].map(plan)).map((message) => attemptedBy(message, executor))];
  }

  #releases(version: number): Message[] {
    const executors = Array.from({ length: this.#executors }, (_, place) => `executor/${place}`);
    return [...executors, 'proposer/0', 'verifier/0', 'world-model/0'].map((agent) => released(agent, version));
  }
}

/** The message, with the attempts in it made by that executor. */
function attemptedBy(message: Message, agent: string): Message {
  if (agent === 'executor/0') return message;
  if (message.kind === 'attempts' && message.body.group?.policy) {
    const stamp = message.body.group.policy;
    stamp.adapterHash = stamp.adapterHash.replace('executor/0', agent);
    stamp.agent = agent;
    return message;
  }
  if (message.kind !== 'rewards') return message;
  const { episodeId, teller, rewards } = message.body;
  const told = rewards.map((reward) => ({ ...reward, agent: reward.agent === 'executor/0' ? agent : reward.agent }));
  return messageFrom(teller, bundle(teller, episodeId, told), message.id);
}
