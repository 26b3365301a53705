import { RedQueenError, type Clock } from '@redqueen/core';
import { addresses, type ActorHost, type Logger } from '@redqueen/runtime';
import type { State } from './fold/state.ts';

/** How often an episode is looked at before its time is up. */
const looks = 20;

/** What is watched, and for how long an episode may be silent. */
export interface TimeOutOptions {
  readonly host: ActorHost<State>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface Silence {
  readonly news: number;
  readonly looks: number;
}

/** What is known of each open episode's silence after one more look: 1 look more, or 0 where something came. */
function listen(state: State, before: ReadonlyMap<string, Silence>): Map<string, Silence> {
  const after = new Map<string, Silence>();
  for (const { id, news } of state.episodes.values()) {
    const known = before.get(id);
    after.set(id, { news, looks: known?.news === news ? known.looks + 1 : 0 });
  }
  return after;
}

async function expire({ host, logger }: TimeOutOptions, episodeId: string): Promise<void> {
  try {
    await host.tell({ to: addresses.rewardAggregator, kind: 'expired', body: { episodeId } }, `expired.${episodeId}`);
  } catch (error) {
    // Another activation took over, or the bus is away: whoever is active looks again.
    logger.debug({ err: error, episode: episodeId }, `cannot tell that episode ${episodeId} expired: ${RedQueenError.from(error).message}`);
  }
}

/**
 * Tells Expired for every episode that is silent for longer than the time-out, until the signal aborts: on the stream, so that the fold never reads a clock.
 * Time is counted in looks, not by the wall: a machine that slept has not given anybody time to answer.
 */
export async function watchTimeOuts(options: TimeOutOptions): Promise<void> {
  const { host, timeoutMs, clock, signal } = options;
  let silences: ReadonlyMap<string, Silence> = new Map();
  while (!signal.aborted) {
    await clock.sleep(timeoutMs / looks, signal).catch(() => {});
    const state = signal.aborted ? undefined : host.state();
    if (!state) continue;
    silences = listen(state, silences);
    for (const [id, silence] of silences) if (silence.looks >= looks && !signal.aborted) await expire(options, id);
  }
}
