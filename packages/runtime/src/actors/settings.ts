/** Settings of an actor's host. Times in milliseconds. */
export interface ActorSettings {
  /** Deliveries unacknowledged at once over all replicas of a pool actor (A4). */
  readonly maxInFlight: number;
  /** Time until an unacknowledged message comes again: what a killed process had in hand waits for so long. */
  readonly ackWaitMs: number;
  /** Failed deliveries after which a message is dead (A5). */
  readonly maxDeliver: number;
  /** The same where each failure was of a kind that a retry can help (a service that is away). */
  readonly maxDeliverRetryable: number;
  readonly firstBackOffMs: number;
  readonly longestBackOffMs: number;
  /** Time after which a handler's signal aborts. */
  readonly handlerTimeoutMs: number;
  /** Time after which a silent activation of a stateful actor may be replaced (A1). */
  readonly leaseMs: number;
  /** A snapshot at the latest after so many messages, or after so much time with any message. */
  readonly snapshotMessages: number;
  readonly snapshotMs: number;
  /** Time that `drain` gives the messages in hand before it gives them back (A7). */
  readonly drainMs: number;
}

/** What holds where nothing else is said. */
export const defaultActorSettings: ActorSettings = {
  maxInFlight: 256,
  ackWaitMs: 4000,
  maxDeliver: 5,
  maxDeliverRetryable: 60,
  firstBackOffMs: 100,
  longestBackOffMs: 5000,
  handlerTimeoutMs: 300_000,
  leaseMs: 6000,
  snapshotMessages: 2000,
  snapshotMs: 5000,
  drainMs: 20_000,
};

/** How long to wait after the `failures`-th failure in a row: doubling from the first to the longest. */
export function backOffMs(settings: ActorSettings, failures: number): number {
  return Math.min(settings.longestBackOffMs, settings.firstBackOffMs * 2 ** Math.min(30, failures - 1));
}
