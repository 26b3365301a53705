import { systemClock } from '@redqueen/runtime';
import { openBenchBus, until } from './bench-bus.ts';
import { answering, taskFor } from './pool-loop.ts';

/** Executors that only sleep: replicas of one pool actor, each with a connection and a host of its own, on one durable consumer. */
export interface JobSide {
  /** Lets all replicas together do so many jobs. */
  work(jobs: number): Promise<void>;
}

/** The same executor with different numbers of replicas, each number in a run of its own on one server. */
export async function openJobSides(
  replicas: readonly number[],
  jobMs: number,
): Promise<{ readonly sides: readonly JobSide[] } & AsyncDisposable> {
  const benchBus = await openBenchBus();
  const side = async (count: number): Promise<JobSide> => {
    const run = `replicas${count}`;
    const actor = answering('0', () => systemClock.sleep(jobMs), 1);
    const hosts = await Promise.all(Array.from({ length: count }, async () => benchBus.start(run, actor, await benchBus.connect())));
    await benchBus.bus.openRun(run);
    const handledNow = (): number => hosts.reduce((sum, host) => sum + host.status().handled, 0);
    let told = 0;
    return {
      async work(jobs) {
        const before = handledNow();
        await Promise.all(Array.from({ length: jobs }, () => benchBus.bus.publish(taskFor(run, '0', `j${told++}`))));
        await until(() => handledNow() >= before + jobs);
      },
    };
  };
  return { sides: await Promise.all(replicas.map(side)), [Symbol.asyncDispose]: async () => await benchBus[Symbol.asyncDispose]() };
}
