import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@redqueen/core';

/** The machine's clock. The only place that reads it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal ? { signal } : {});
    } catch (reason) {
      // Node rejects with its own AbortError; the port promises the signal's reason.
      throw signal?.aborted ? signal.reason : reason;
    }
  },
};
