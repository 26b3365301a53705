import { addressOf, type MessageInput } from '@redqueen/contract';
import type { PoolActor } from '@redqueen/runtime';
import { until, type BenchBus } from './bench-bus.ts';
import type { EventLoop } from './growth.ts';

const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical: '10+1', origin: 'generator' };
const samples = [0, 1, 2, 3].map((index) => ({
  tokens: [50, 51, index],
  text: `1${index}`,
  logProbs: [-0.1, -0.2, -0.3],
  failure: 'FAILURE_CLASS_OK' as const,
}));
const policy = { agent: 'executor/0', version: 0, adapterHash: '' };

/** An executor without a model: a group of four attempts is the answer to every task. */
export function answering(key: string, work: () => Promise<void> = () => Promise.resolve(), concurrency = 16): PoolActor {
  return {
    type: 'pool',
    address: addressOf(`executor/${key}`),
    concurrency,
    receive: async (message) => {
      await work();
      const taskId = message.kind === 'task' ? message.body.taskId : '';
      const group = { prompt: '10+1=', promptTokens: [256, 49, 48, 43, 49, 61], samples, policy };
      return [{ to: addressOf('verifier/0'), kind: 'attempts', body: { taskId, slotId: '1.0', spec, group } }];
    },
  };
}

/** A task for one of the executors. */
export function taskFor(run: string, key: string, taskId: string): MessageInput {
  const body = { taskId, slotId: '1.0', index: 0, spec, attempts: 4, seed: 1 };
  return {
    id: taskId,
    run,
    from: addressOf('proposer/0'),
    to: addressOf(`executor/${key}`),
    cause: '',
    traceparent: '',
    kind: 'task',
    body,
  };
}

/** So many pool actors of one run on JetStream, each with a mailbox and a host of its own. An event is a task or the attempts that answer it. */
export async function poolLoop(benchBus: BenchBus, agents: number): Promise<EventLoop> {
  const { bus } = benchBus;
  const run = `pool${agents}`;
  await bus.openRun(run);
  const hosts = await Promise.all(Array.from({ length: agents }, (_, key) => benchBus.start(run, answering(`${key}`))));
  const handledNow = (): number => hosts.reduce((sum, host) => sum + host.status().handled, 0);
  const feed = await benchBus.connect();
  await feed.openRun(run);
  let tasks = 0;
  let ready: MessageInput[] = [];
  return {
    prepare(events) {
      ready = Array.from({ length: Math.ceil(events / 2) }, () => taskFor(run, `${tasks % agents}`, `t${tasks++}`));
    },
    async handle() {
      const before = handledNow();
      for (let start = 0; start < ready.length; start += 1024)
        await Promise.all(ready.slice(start, start + 1024).map((message) => feed.publish(message)));
      await until(() => handledNow() >= before + ready.length);
      return 2 * ready.length;
    },
  };
}
