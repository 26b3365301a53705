import { setTimeout as sleep } from 'node:timers/promises';
import { isOver, RedQueenError, type Progress, type RedQueen, type RunInfo } from '@redqueen/sdk';
import { progressLine, type ProgressMemory } from './render/progress.ts';
import type { Terminal } from './terminal.ts';

/** Seconds between two plain lines where nobody watches. */
const plainSeconds = 5;
/** How long a gateway that went away may stay away. */
const patienceMs = 60_000;
const retryMs = 500;

async function* progressOf(client: RedQueen, run: string, signal: AbortSignal | undefined): AsyncGenerator<Progress> {
  let lost = 0;
  for (;;) {
    try {
      for await (const progress of client.runs.watch(run, signal ? { signal } : {})) {
        lost = 0;
        yield progress;
        if (isOver(progress.run)) return;
      }
    } catch (error) {
      // A gateway that is started again goes on where it was; so does whoever watches.
      lost ||= performance.now();
      if (!RedQueenError.from(error).retryable || performance.now() - lost > patienceMs) throw error;
    }
    await sleep(retryMs, undefined, signal ? { signal } : {}).catch(() => {});
    signal?.throwIfAborted();
  }
}

/** Shows a run's progress until it is over: a status line for a person, a plain line every five seconds otherwise. Returns the run as it ended. */
export async function followRun(client: RedQueen, run: string, terminal: Terminal, signal?: AbortSignal): Promise<RunInfo> {
  let memory: ProgressMemory | undefined;
  let shown = Number.NEGATIVE_INFINITY;
  for await (const progress of progressOf(client, run, signal)) {
    const next = progressLine(progress, memory);
    if (terminal.interactive) {
      terminal.status(next.line);
      memory = next.memory;
    } else if (progress.elapsedSeconds - shown >= plainSeconds || isOver(progress.run)) {
      terminal.say(next.line);
      shown = progress.elapsedSeconds;
      memory = next.memory;
    }
    if (isOver(progress.run)) return progress.run;
  }
  return client.runs.get(run);
}

/** Stops a run and waits until it is stopped. */
export async function stopRun(client: RedQueen, run: string): Promise<RunInfo> {
  await client.runs.stop(run);
  for await (const progress of progressOf(client, run, AbortSignal.timeout(patienceMs))) if (isOver(progress.run)) return progress.run;
  return client.runs.get(run);
}
