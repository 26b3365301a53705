import { decodeMessage, encodeMessage, type Message, type MessageInput } from '@redqueen/contract';
import type { RunRecord } from '@redqueen/core';
import { addresses, type Tell } from '@redqueen/runtime';
import { handle, runPlan } from '../../../services/curriculum/src/actor.ts';
import { initialState as firstCurriculum } from '../../../services/curriculum/src/state.ts';
import { fold } from '../../../services/reward-aggregator/src/fold/fold.ts';
import { initialState } from '../../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';

/** What two tellings of one thing have in common: the body as the wire has it. */
function bodyText(tell: Tell): string {
  const envelope = { id: 'x', run: 'x', from: addresses.gateway, cause: '', traceparent: '' };
  const { kind, body } = decodeMessage(encodeMessage({ ...envelope, ...tell } as MessageInput));
  return `${kind} ${JSON.stringify(body)}`;
}

function toldBy(messages: readonly Message[], role: string, kinds: readonly string[]): string[] {
  return messages.flatMap((message) => {
    const { from, to, kind, body } = message;
    return from.role === role && kinds.includes(kind) ? [bodyText({ to, kind, body } as Tell)] : [];
  });
}

function difference(what: string, told: readonly string[], again: readonly string[]): string[] {
  const place = again.findIndex((text, index) => told[index] !== text);
  if (place >= 0) return [`${what} ${place + 1} of ${again.length} is not what an uninterrupted fold tells`];
  return told.length > again.length ? [`${told.length - again.length} ${what}s more than an uninterrupted fold tells`] : [];
}

/**
 * Folds the stream once more, from its first message to its last, without any interruption: curriculum and reward aggregator must have told exactly that.
 * Where their state, random numbers, trust or pools had been lost or doubled by a kill, they would have told something else from there on.
 */
export function replayFaults(record: RunRecord, stream: readonly Message[]): string[] {
  const seen = new Set<string>();
  const messages = stream.filter(({ id }) => !seen.has(id) && seen.add(id));
  const plan = runPlan(record);
  let curriculum = firstCurriculum(plan.arms, plan.curriculum);
  const slots: string[] = [];
  const rules = rulesOf(record);
  let aggregator = initialState();
  const settled: string[] = [];
  for (const message of messages) {
    if (message.to.role === 'curriculum') {
      const effects = handle(plan, curriculum, message);
      curriculum = effects.state;
      slots.push(...effects.tells.map(bodyText));
    }
    const folded = fold(rules, aggregator, message);
    aggregator = folded.state;
    settled.push(...folded.tells.map(bodyText));
  }
  return [
    ...difference('slot', toldBy(messages, 'curriculum', ['slot']), slots),
    ...difference('settlement or batch', toldBy(messages, 'reward-aggregator', ['settlement', 'batch']), settled),
  ];
}
