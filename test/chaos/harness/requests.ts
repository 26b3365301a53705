import { RedQueenError } from '@redqueen/core';
import { systemClock } from '@redqueen/runtime';
import type { ChaosCluster } from './cluster.ts';

/** What became of the requests. */
export interface Answered {
  readonly answered: number;
  /** One line a request that failed. */
  readonly failures: readonly string[];
}

const pauseMs = 100;

/** A client that keeps asking: submits tasks and asks an agent, one after the other, until it is stopped. */
export class Requests {
  readonly #cluster: ChaosCluster;
  readonly #run: string;
  readonly #failures: string[] = [];
  readonly #asking: Promise<void>;
  #answered = 0;
  #stopped = false;

  constructor(cluster: ChaosCluster, run: string) {
    this.#cluster = cluster;
    this.#run = run;
    this.#asking = this.#ask();
  }

  /** Waits for the answer under way and says what became of all. */
  async stop(): Promise<Answered> {
    this.#stopped = true;
    await this.#asking;
    return { answered: this.#answered, failures: this.#failures };
  }

  async #ask(): Promise<void> {
    for (let index = 0; !this.#stopped; index++) {
      try {
        await this.#one(index);
        this.#answered++;
      } catch (reason) {
        const { code, message } = RedQueenError.from(reason);
        this.#failures.push(`request ${index}: ${code} ${message}`);
      }
      await systemClock.sleep(pauseMs);
    }
  }

  async #one(index: number): Promise<void> {
    const { client } = this.#cluster;
    const [run, left, right] = [this.#run, 10 + (index % 80), 10 + (index % 7)];
    if (index % 2 === 0) {
      const { group } = await client.submitTask({
        run,
        environment: 'arithmetic',
        canonical: `${left}+${right}`,
        attempts: 2,
        seed: index,
      });
      if (group?.samples.length !== 2) throw new Error(`${group?.samples.length} samples instead of 2`);
    } else {
      const { group } = await client.ask({ run, agent: 'executor/0', prompt: `${left}+${right}=` });
      if (group?.samples.length !== 1) throw new Error(`${group?.samples.length} samples instead of 1`);
    }
  }
}
