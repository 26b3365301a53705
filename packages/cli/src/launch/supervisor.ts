import { RedQueenError, type Clock } from '@redqueen/core';

/** One life of a supervised process. */
export interface Life {
  readonly pid: number | undefined;
  /** Resolves when it has ended: with the reason for a person, and whether another start could help. */
  readonly ended: Promise<{ readonly reason: string; readonly hopeless: boolean }>;
  /** Ends it in order. Resolves once it is gone. */
  stop(): Promise<void>;
}

/** What to keep up. */
export interface SupervisorOptions {
  readonly name: string;
  readonly begin: () => Promise<Life>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Called once when it cannot be kept up. */
  readonly failed: (error: RedQueenError) => void;
}

/** A process that is kept up. */
export interface Supervisor {
  readonly pid: number | undefined;
  /** Ends it for good. Resolves once it is gone. */
  stop(): Promise<void>;
}

const firstPauseMs = 250;
const longestPauseMs = 8000;
/** A life that lasted so long was a good one: the next failure counts as the first. */
const goodLifeMs = 30_000;
/** Failures in a row after which it is given up. */
const maxFailures = 6;

/** Starts a process and starts it again with growing pauses whenever it ends by itself. Throws where the first start does. */
export async function supervise(options: SupervisorOptions): Promise<Supervisor> {
  const { name, begin, clock, say } = options;
  const stopping = new AbortController();
  let life: Life | undefined = await begin();
  const giveUp = (reason: string) => options.failed(new RedQueenError('failed_precondition', `${name} cannot be kept up: ${reason}`));

  /** One life, from its beginning to its end. */
  const live = async (): Promise<{ reason: string; hopeless: boolean }> => {
    try {
      life ??= await begin();
      // Told to stop while it was beginning.
      if (stopping.signal.aborted) await life.stop();
      return await life.ended;
    } catch (error) {
      return { reason: RedQueenError.from(error).message, hopeless: false };
    } finally {
      life = undefined;
    }
  };
  const keep = async () => {
    let failures = 0;
    for (;;) {
      const begun = clock.now();
      const { reason, hopeless } = await live();
      if (stopping.signal.aborted) return;
      failures = clock.now() - begun > goodLifeMs ? 1 : failures + 1;
      if (hopeless || failures > maxFailures) return giveUp(reason);
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
      say(`${name} ended (${reason}); it starts again in ${pauseMs / 1000} s.`);
      await clock.sleep(pauseMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
    }
  };
  const kept = keep();
  return {
    get pid() {
      return life?.pid;
    },
    async stop() {
      stopping.abort();
      await life?.stop();
      await kept;
    },
  };
}
