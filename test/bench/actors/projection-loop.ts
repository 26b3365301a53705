import type { Message } from '@redqueen/contract';
import { emptyProjection, fold } from '../../../services/gateway/src/projection/projection.ts';
import { fold as foldRewards } from '../../../services/reward-aggregator/src/fold/fold.ts';
import { initialState } from '../../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import { messageFrom, recordWith } from '../../../services/reward-aggregator/src/test-support.ts';
import type { EventLoop } from './growth.ts';
import { Story } from './story.ts';

/** The gateway's projection of a run, without a bus. An event is any message of the run, settlements and batches included. */
export function projectionLoop(executors: number): EventLoop {
  const record = recordWith();
  const rules = rulesOf(record);
  const story = new Story(executors);
  const projection = emptyProjection(record.recipe);
  let state = initialState();
  let ready: Message[] = [];
  let sequence = 0;
  const answersTo = (message: Message): Message[] => {
    const folded = foldRewards(rules, state, message);
    state = folded.state;
    return folded.tells.map(({ to, ...told }, index) =>
      messageFrom('reward-aggregator/0', told, `${message.id}.${index}`, `${to.role}/${to.key}`),
    );
  };
  return {
    prepare(events) {
      ready = [];
      while (ready.length < events) for (const message of story.next()) ready.push(message, ...answersTo(message));
    },
    async handle() {
      for (const message of ready) fold(projection, { message, sequence: ++sequence, storedAt: sequence });
      return ready.length;
    },
  };
}
