import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { ConnectionEvent, ConnectionEvents } from './connection-events.ts';
import { isTransient } from './errors.ts';

// O1. Requests of a lane leave in the order of `send`, and are sent again in that order: first in, first out also over a reconnect and a new leader.
// O2. At most `window` requests of a lane are unanswered; the others wait here, at most `maxWaiting` of them (then RESOURCE_EXHAUSTED).
// O3. A request is sent again, unchanged, until an answer comes or its time is up: it must be harmless when repeated.
// O4. Nothing is written while the connection is down: the client would keep an arbitrary part of it for later and break O1.
// O5. One timer for all requests, none for each.
// O6. Once the oldest request of a lane is overdue, it alone is sent until it is answered; what came after it follows then. A dead leader leaves nothing
//     but silence, and a new one, there after 4 s at the earliest, must not take a later request before an earlier one.

/** A request to NATS. */
export interface OutboxRequest {
  /** Who answers: a stream, a consumer. One that does not answer holds up nobody else. */
  readonly lane: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers?: MsgHdrs;
  /** Time until it fails; the same for all of a lane. */
  readonly timeoutMs: number;
}

interface Entry {
  readonly request: OutboxRequest;
  readonly deadline: number;
  sentAt: number;
  readonly resolve: (answer: Msg) => void;
  readonly reject: (reason: RedQueenError) => void;
}

/** The requests to one who answers. Gone when there are none. */
interface Lane {
  /** Sent and unanswered, by token, in order. */
  readonly pending: Map<string, Entry>;
  /** Not sent yet. */
  waiting: Entry[];
  /** The oldest is overdue: nothing else is sent (O6). */
  probing: boolean;
}

/** Settings of an outbox. */
export interface OutboxOptions {
  readonly clock: Clock;
  /** Requests of a lane unanswered at once. */
  readonly window: number;
  /** Requests of a lane that may wait for the window. */
  readonly maxWaiting: number;
  /** Time until an unanswered request is sent again. Shorter than the shortest election of a leader. */
  readonly resendAfterMs: number;
}

/** Pipelined requests to NATS that survive its absence. */
export class Outbox {
  readonly #connection: NatsConnection;
  readonly #options: OutboxOptions;
  readonly #prefix: string;
  readonly #subscription: Subscription;
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<string, string>();
  #nextToken = 0;
  /** Between the loss of the connection and the next one. */
  #down = false;
  #ticking = false;
  readonly #stop = new AbortController();

  constructor(connection: NatsConnection, events: ConnectionEvents, options: OutboxOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#prefix = `${createInbox()}.`;
    this.#subscription = connection.subscribe(`${this.#prefix}*`, { callback: (_error, answer) => this.#answered(answer) });
    events.listen((event) => this.#connectionChanged(event));
  }

  /**
   * Sends a request; resolves with the answer, whatever it says. Synchronous up to the write, so that calls keep their order.
   * Rejects with `unavailable` when its time is up, `resource_exhausted` when too many wait, `cancelled` when the outbox closes.
   */
  send(request: OutboxRequest): Promise<Msg> {
    if (this.#stop.signal.aborted) return Promise.reject(closed());
    const lane = this.#lane(request.lane);
    if (lane.waiting.length >= this.#options.maxWaiting) {
      return Promise.reject(
        new RedQueenError('resource_exhausted', `bus: ${this.#options.maxWaiting} messages already wait for NATS; try again later`),
      );
    }
    return new Promise((resolve, reject) => {
      const deadline = this.#options.clock.now() + request.timeoutMs;
      lane.waiting.push({ request, deadline, sentAt: 0, resolve, reject });
      this.#pump(lane);
      if (!this.#ticking) void this.#tick();
    });
  }

  /** Fails what is unanswered and stops. */
  close(): void {
    this.#stop.abort();
    this.#subscription.unsubscribe();
    for (const { pending, waiting } of this.#lanes.values()) for (const entry of [...pending.values(), ...waiting]) entry.reject(closed());
    this.#lanes.clear();
    this.#laneOf.clear();
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) this.#lanes.set(name, (lane = { pending: new Map(), waiting: [], probing: false }));
    return lane;
  }

  #pump(lane: Lane): void {
    let taken = 0;
    while (!this.#down && !lane.probing && taken < lane.waiting.length && lane.pending.size < this.#options.window) {
      const entry = lane.waiting[taken++] as Entry;
      const token = `${this.#nextToken++}`;
      lane.pending.set(token, entry);
      this.#laneOf.set(token, entry.request.lane);
      this.#write(lane, token, entry);
    }
    if (taken > 0) lane.waiting.splice(0, taken);
  }

  #write(lane: Lane, token: string, entry: Entry): void {
    entry.sentAt = this.#options.clock.now();
    const { subject, payload, headers } = entry.request;
    const reply = this.#prefix + token;
    try {
      this.#connection.publish(subject, payload, headers ? { reply, headers } : { reply });
    } catch (reason) {
      // Too large for the server, or the connection was closed for good: sending it again cannot help.
      this.#forget(lane, token);
      entry.reject(new RedQueenError('invalid_argument', `bus: NATS refuses the message (${String(reason)})`, { cause: reason }));
    }
  }

  #forget(lane: Lane, token: string): void {
    lane.pending.delete(token);
    this.#laneOf.delete(token);
  }

  #answered(answer: Msg): void {
    const token = answer.subject.slice(this.#prefix.length);
    const lane = this.#lanes.get(this.#laneOf.get(token) ?? '');
    const entry = lane?.pending.get(token);
    if (!lane || !entry) return;
    if (isTransient(answer)) {
      lane.probing = true;
      return;
    }
    const isOldest = lane.pending.keys().next().value === token;
    this.#forget(lane, token);
    entry.resolve(answer);
    if (lane.probing && isOldest) this.#resend(lane);
    if (lane.waiting.length > 0) this.#pump(lane);
  }

  /** Whoever answers is there again: everything after the oldest follows. */
  #resend(lane: Lane): void {
    lane.probing = false;
    for (const [token, entry] of lane.pending) this.#write(lane, token, entry);
  }

  #probe(lane: Lane): void {
    const oldest = lane.pending.entries().next().value;
    lane.probing = oldest !== undefined;
    if (oldest) this.#write(lane, ...oldest);
    else this.#pump(lane);
  }

  #connectionChanged(event: ConnectionEvent): void {
    this.#down = event === 'lost';
    if (event === 'restored') for (const lane of this.#lanes.values()) this.#probe(lane);
  }

  /** While anything is unanswered: fails what is too late, sends again what got lost. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    try {
      while (this.#lanes.size > 0) {
        await this.#options.clock.sleep(this.#options.resendAfterMs / 4, this.#stop.signal);
        for (const [name, lane] of this.#lanes) {
          this.#expire(lane);
          if (lane.pending.size + lane.waiting.length === 0) this.#lanes.delete(name);
          else if (!this.#down && (lane.probing || this.#isOverdue(lane))) this.#probe(lane);
        }
      }
    } catch {
      // The signal ended the sleep: closed.
    } finally {
      this.#ticking = false;
    }
  }

  #isOverdue(lane: Lane): boolean {
    const oldest = lane.pending.values().next().value;
    return oldest === undefined || this.#options.clock.now() - oldest.sentAt >= this.#options.resendAfterMs;
  }

  #expire(lane: Lane): void {
    const now = this.#options.clock.now();
    const late = ({ request }: Entry) =>
      new RedQueenError(
        'unavailable',
        `bus: NATS did not confirm within ${request.timeoutMs} ms (${request.lane}); is the server up, and has its disk room?`,
      );
    for (const [token, entry] of lane.pending) {
      if (entry.deadline > now) break;
      this.#forget(lane, token);
      entry.reject(late(entry));
    }
    const expired = lane.waiting.findIndex((entry) => entry.deadline > now);
    for (const entry of lane.waiting.splice(0, expired === -1 ? lane.waiting.length : expired)) entry.reject(late(entry));
  }
}

function closed(): RedQueenError {
  return new RedQueenError('cancelled', 'bus: closed while the message waited for its confirmation');
}
