/** Time, as every part of the runtime reads it. Injected, so that a test can own it. */
export interface Clock {
  /** Milliseconds since the epoch. For people and time-outs only, never for state. */
  now(): number;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A seeded stream of random numbers. The same seed gives the same stream on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal. */
  normal(): number;
}

/** Where fresh identifiers come from (run ids, activation ids). Ids of messages are derived, never fresh. */
export interface IdSource {
  next(): string;
}
