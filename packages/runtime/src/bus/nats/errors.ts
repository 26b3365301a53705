import { JetStreamApiError } from '@nats-io/jetstream';
import { errors, type Msg } from '@nats-io/transport-node';
import { RedQueenError, type Clock } from '@redqueen/core';

/** JetStream's error codes that mean something to us: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const wrongLastSequence: ReadonlySet<number> = new Set([10071, 10164]);
const streamNotFound = 10059;
const consumerNotFound = 10014;
const bucketMissing = 10037;
const noPeers = 10005;
const notClustered = 10074;
const full: ReadonlySet<number> = new Set([10023, 10028, 10047, 10077, 10122]);

/** A JetStream error reply as ours. `what` says what was tried, e.g. `publish to run r1`. */
export function apiError(code: number, description: string, what: string, cause?: unknown): RedQueenError {
  if (wrongLastSequence.has(code)) return new RedQueenError('aborted', `${what}: somebody else wrote it first`, { cause });
  if (code === streamNotFound) return new RedQueenError('not_found', `${what}: its stream does not exist; open the run first`, { cause });
  if (code === consumerNotFound || code === bucketMissing) return new RedQueenError('not_found', `${what}: ${description}`, { cause });
  if (code === notClustered) {
    return new RedQueenError('failed_precondition', `${what}: ${description}; set bus.replicas to 1, or bus.url to a NATS cluster`, {
      cause,
    });
  }
  if (code === noPeers) {
    const fix = 'start more servers, or lower bus.replicas';
    return new RedQueenError(
      'failed_precondition',
      `${what}: the NATS cluster has fewer servers than bus.replicas asks for (${description}); ${fix}`,
      {
        cause,
      },
    );
  }
  if (full.has(code)) {
    return new RedQueenError('resource_exhausted', `${what}: NATS has no room left (${description}); free disk space in its store folder`, {
      cause,
    });
  }
  return new RedQueenError('unavailable', `${what}: NATS answered ${code} ${description}`, { cause });
}

/** Whether somebody else wrote first. */
export function isConflict(reason: unknown): boolean {
  return reason instanceof RedQueenError && reason.code === 'aborted';
}

/** Anything that the NATS client throws as ours. */
export function natsError(reason: unknown, what: string): RedQueenError {
  if (reason instanceof RedQueenError) return reason;
  if (reason instanceof JetStreamApiError) return apiError(reason.code, reason.message, what, reason);
  if (reason instanceof errors.ClosedConnectionError)
    return new RedQueenError('cancelled', `${what}: the bus was closed`, { cause: reason });
  const message = reason instanceof Error ? reason.message : String(reason);
  if (reason instanceof errors.InvalidArgumentError || reason instanceof errors.InvalidSubjectError) {
    return new RedQueenError('invalid_argument', `${what}: ${message}`, { cause: reason });
  }
  return new RedQueenError('unavailable', `${what}: NATS did not answer (${message})`, { cause: reason });
}

/** Runs a NATS call; what it throws becomes a RedQueenError that says what was tried. */
export async function natsCall<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (reason) {
    throw natsError(reason, what);
  }
}

const repeatForMs = 15_000;
const attemptMs = 10_000;
const repeatAfterMs = 250;

/**
 * Runs a NATS call that is harmless when repeated; again and again while nobody answers it: a new leader may be elected meanwhile, and of two who make
 * the same thing in a cluster at once only one is answered.
 */
export async function natsRepeated<Result>(clock: Clock, what: string, call: () => Promise<Result>): Promise<Result> {
  const until = clock.now() + repeatForMs;
  for (;;) {
    try {
      return await natsCall(what, () => inTime(clock, call()));
    } catch (reason) {
      if (!(reason instanceof RedQueenError) || reason.code !== 'unavailable' || clock.now() >= until) throw reason;
    }
    await clock.sleep(repeatAfterMs);
  }
}

/** A list or an object is read through a consumer that may die with its server; the client then waits for ever. */
async function inTime<Result>(clock: Clock, call: Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const late = clock.sleep(attemptMs, ended.signal).then(() => {
    throw new Error(`nothing came within ${attemptMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } finally {
    ended.abort();
  }
}

/** The error inside a JetStream reply, if it holds one. */
export interface ApiErrorReply {
  readonly code: number;
  readonly description: string;
}

/** Reads the error of a JetStream reply; undefined where it is no error. */
export function errorOf(reply: {
  readonly error?: { readonly err_code?: number; readonly code?: number; readonly description?: string };
}): ApiErrorReply | undefined {
  if (!reply.error) return undefined;
  return { code: reply.error.err_code ?? reply.error.code ?? 0, description: reply.error.description ?? 'unknown error' };
}

const marker = new TextEncoder().encode('{"error"');

/** Whether the answer only says "not now": nobody listens yet (503), or JetStream has no leader at the moment. */
export function isTransient(answer: Msg): boolean {
  if (answer.headers?.code === 503) return true;
  // Looked at byte by byte: this runs for every confirmation, and an error is rare.
  if (answer.data.length < marker.length || marker.some((byte, index) => answer.data[index] !== byte)) return false;
  const error = errorOf(answer.json());
  return error?.code === 10008 || error?.code === 10009;
}
