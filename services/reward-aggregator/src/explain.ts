import type { EventInput, ExplainResponseInput, Message, Settlement } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { Bus } from '@redqueen/runtime';
import { episodeName, type EpisodeName } from './fold/episode-name.ts';

/** Whether the message is one of those that the episode's numbers came from. */
export function isOf(name: EpisodeName, message: Message): boolean {
  switch (message.kind) {
    case 'slot':
      return name.slot !== '' && message.body.slotId === name.slot;
    case 'task':
      return message.body.taskId === name.task;
    case 'attempts':
    case 'verdicts':
      return name.kind === 'task' && message.body.taskId === name.id;
    case 'rejected':
      return name.kind === 'rejected' && `${message.body.slotId}.${message.body.index}/r` === name.id;
    case 'transitions':
    case 'predictions':
      return name.kind === 'prediction' && message.body.taskId === name.task;
    case 'rewards':
    case 'expired':
    case 'settlement':
      return message.body.episodeId === name.id;
    default:
      return false;
  }
}

function eventOf({ kind, body, ...envelope }: Message): EventInput {
  return { ...envelope, [kind]: body };
}

/** Everything that was told of an episode, in stream order, with its settlement. Throws `not_found` where nothing was. */
export async function explain(bus: Bus, run: string, episodeId: string, signal: AbortSignal): Promise<ExplainResponseInput> {
  const name = episodeName(episodeId);
  const events: EventInput[] = [];
  let settlement: Settlement | undefined;
  let known = false;
  for await (const { message } of bus.read(run, { from: 1, follow: false, signal })) {
    if (!isOf(name, message)) continue;
    events.push(eventOf(message));
    known ||= message.kind !== 'slot';
    if (message.kind === 'settlement') settlement = message.body;
  }
  if (!known)
    throw new RedQueenError('not_found', `episode ${JSON.stringify(episodeId)}: run ${run} has none of that id; ids look like "12.3.0"`);
  return { events, ...(settlement && { settlement }) };
}
