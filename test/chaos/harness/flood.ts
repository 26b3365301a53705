import type { ServiceError } from '@grpc/grpc-js';
import { RedQueenError } from '@redqueen/core';
import { systemClock } from '@redqueen/runtime';
import type { ChaosCluster } from './cluster.ts';

/** How long a caller of the flood waits. */
const deadlineMs = 30_000;
/** Callers with which it is measured what is served. */
const closedCallers = 8;

async function submit(cluster: ChaosCluster, run: string, index: number): Promise<void> {
  const canonical = `${10 + (index % 80)}+${10 + (index % 7)}`;
  await cluster.client.submitTask(
    { run, environment: 'arithmetic', canonical, attempts: 4, seed: index, temperature: 1 },
    { timeoutMs: deadlineMs },
  );
}

/** Seconds that a request takes now; the deadline's where it fails. */
export async function secondsOfOne(cluster: ChaosCluster, run: string): Promise<number> {
  const began = systemClock.now();
  const answered = await submit(cluster, run, 0).then(
    () => true,
    () => false,
  );
  return answered ? (systemClock.now() - began) / 1000 : deadlineMs / 1000;
}

/** Requests a second that callers get answered who each wait for their answer. */
export async function servedPerSecond(cluster: ChaosCluster, run: string, seconds: number): Promise<number> {
  const began = systemClock.now();
  let answered = 0;
  const caller = async (first: number) => {
    for (let index = first; systemClock.now() - began < seconds * 1000; index += closedCallers) {
      await submit(cluster, run, index);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: closedCallers }, (_, index) => caller(index)));
  return answered / ((systemClock.now() - began) / 1000);
}

/** The hint of a refusal, when to ask again. */
function hinted(error: RedQueenError): boolean {
  const sent = (error.cause as ServiceError | undefined)?.metadata?.get('grpc-retry-pushback-ms') ?? [];
  return Number(sent[0]) > 0;
}

/** Requests at a fixed rate, whatever becomes of those before, until it is stopped. */
export class Flood {
  sent = 0;
  answered = 0;
  /** Refused with RESOURCE_EXHAUSTED, and those of them that said when to ask again. */
  refused = 0;
  hinted = 0;
  /** Not answered within their deadline. */
  late = 0;
  readonly failures: string[] = [];
  readonly #cluster: ChaosCluster;
  readonly #run: string;
  readonly #asking = new Set<Promise<void>>();
  readonly #sending: Promise<void>;
  #stopped = false;

  constructor(cluster: ChaosCluster, run: string, perSecond: number) {
    this.#cluster = cluster;
    this.#run = run;
    this.#sending = this.#send(perSecond);
  }

  /** Stops sending and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
    await Promise.all(this.#asking);
  }

  async #send(perSecond: number): Promise<void> {
    const began = systemClock.now();
    while (!this.#stopped) {
      const due = ((systemClock.now() - began) / 1000) * perSecond;
      while (this.sent < due) {
        const asking: Promise<void> = this.#one(this.sent++).finally(() => this.#asking.delete(asking));
        this.#asking.add(asking);
      }
      await systemClock.sleep(20);
    }
  }

  async #one(index: number): Promise<void> {
    try {
      await submit(this.#cluster, this.#run, index);
      this.answered++;
    } catch (reason) {
      const error = RedQueenError.from(reason);
      if (error.code === 'resource_exhausted') {
        this.refused++;
        if (hinted(error)) this.hinted++;
      } else if (error.code === 'deadline_exceeded' || error.code === 'cancelled') this.late++;
      else this.failures.push(`request ${index}: ${error.code} ${error.message}`);
    }
  }
}
