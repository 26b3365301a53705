import { exitCodes } from './exit-codes.ts';

/** A second Ctrl-C counts only after this long: npm and the terminal may both hand on the first one. */
const patienceMs = 1500;

/**
 * A signal that aborts at the first Ctrl-C (or SIGTERM), so that a command ends in order. A second Ctrl-C, after a moment, ends the process at once.
 */
export function interruptSignal(say: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const interrupted = (): void => {
    if (first === 0) {
      first = performance.now();
      controller.abort(new Error('interrupted'));
    } else if (performance.now() - first > patienceMs) {
      say('Ended at once. What was recorded is safe.');
      process.exit(exitCodes.interrupted);
    }
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  return controller.signal;
}

/** Resolves when the signal aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
