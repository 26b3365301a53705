import type { MessageInput } from '@redqueen/contract';
import { type ActorHost, silentLogger } from '@redqueen/runtime';
import { createAggregatorActor } from '../../../services/reward-aggregator/src/actor.ts';
import type { State } from '../../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import { recordWith, run } from '../../../services/reward-aggregator/src/test-support.ts';
import { type BenchBus, until } from './bench-bus.ts';
import type { EventLoop } from './growth.ts';
import { Story } from './story.ts';

/** The reward aggregator's host on JetStream, fed with what a run tells it. An event is any message that the ledger grows by, its own settlements and batches included. */
export async function aggregatorLoop(benchBus: BenchBus, executors: number): Promise<EventLoop & { readonly state: () => State }> {
  const { bus } = benchBus;
  await bus.openRun(run);
  const record = recordWith();
  const { roles } = record.recipe;
  const rules = rulesOf(recordWith({ roles: { ...roles, executor: { ...roles.executor, agents: executors } } }));
  const host = (await benchBus.start(
    run,
    createAggregatorActor(rules, silentLogger) as Parameters<BenchBus['start']>[1],
  )) as ActorHost<State>;
  const feed = await benchBus.connect();
  await feed.openRun(run);
  const story = new Story(executors);
  let ready: MessageInput[] = [];
  let before = 0;
  return {
    state: () => host.state() as State,
    prepare(events) {
      ready = [];
      while (ready.length < events) ready.push(...(story.next() as MessageInput[]));
    },
    async handle() {
      for (let start = 0; start < ready.length; start += 1024)
        await Promise.all(ready.slice(start, start + 1024).map((message) => feed.publish(message)));
      // What it tells is in its own stream: it has come to rest once it has seen all of that as well.
      let last = -1;
      await until(async () => {
        if (host.status().sequence !== last) last = await bus.lastSequence(run);
        return host.status().sequence === last;
      });
      const handled = last - before;
      before = last;
      return handled;
    },
  };
}
