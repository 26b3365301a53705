import { RedQueenError, type Clock } from '@redqueen/core';

/** When to try again. */
export interface RetryOptions {
  /** Tries at most, the first one included. */
  readonly tries: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Whether "not found" may pass: a service that was started again does not know its runs for a moment. */
  readonly awaitsRun: boolean;
}

/**
 * Calls until it works, at most `tries` times, waiting twice as long after each failure. Only errors that a retry can cure are tried again
 * (see RedQueenError.retryable and `awaitsRun`). Throws the last error as a RedQueenError.
 */
export async function withRetries<Result>(call: () => Promise<Result>, clock: Clock, options: RetryOptions): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (reason) {
      const error = RedQueenError.from(reason);
      const mayPass = error.retryable || (options.awaitsRun && error.code === 'not_found');
      if (!mayPass || attempt >= options.tries) throw error;
      await clock.sleep(Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** (attempt - 1)));
    }
  }
}
