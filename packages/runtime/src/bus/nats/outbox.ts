import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { ConnectionEvent, ConnectionEvents } from './connection-events.ts';
import { isTransient } from './errors.ts';

// O1. Requests leave in the order of `send`, and are sent again in that order: first in, first out also over a reconnect.
// O2. At most `window` requests are unanswered; the others wait here, at most `maxWaiting` of them (then RESOURCE_EXHAUSTED).
// O3. A request is sent again, unchanged, until an answer comes or its time is up: it must be harmless when repeated.
// O4. Nothing is written while the connection is down: the client would keep an arbitrary part of it for later and break O1.
// O5. One timer for all requests, none for each.

interface Entry {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  readonly deadline: number;
  sentAt: number;
  readonly resolve: (answer: Msg) => void;
  readonly reject: (reason: RedQueenError) => void;
}

/** Settings of an outbox. */
export interface OutboxOptions {
  readonly clock: Clock;
  /** Requests unanswered at once. */
  readonly window: number;
  /** Requests that may wait for the window. */
  readonly maxWaiting: number;
  /** Time until an unanswered request is sent again. */
  readonly resendAfterMs: number;
  /** Time until a request fails. */
  readonly timeoutMs: number;
}

/** Pipelined requests to NATS that survive its absence. */
export class Outbox {
  readonly #connection: NatsConnection;
  readonly #options: OutboxOptions;
  readonly #prefix: string;
  readonly #subscription: Subscription;
  /** Sent and unanswered, by token, in order. */
  readonly #pending = new Map<string, Entry>();
  /** Not sent yet. */
  #waiting: Entry[] = [];
  #nextToken = 0;
  /** Between the loss of the connection and the next one. */
  #down = false;
  /** JetStream said that it cannot answer now; cleared by the timer. */
  #stalled = false;
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
  send(subject: string, payload: Uint8Array, headers?: MsgHdrs): Promise<Msg> {
    if (this.#stop.signal.aborted) return Promise.reject(closed());
    if (this.#waiting.length >= this.#options.maxWaiting) {
      return Promise.reject(
        new RedQueenError('resource_exhausted', `bus: ${this.#options.maxWaiting} messages already wait for NATS; try again later`),
      );
    }
    return new Promise((resolve, reject) => {
      const deadline = this.#options.clock.now() + this.#options.timeoutMs;
      this.#waiting.push({ subject, payload, headers, deadline, sentAt: 0, resolve, reject });
      this.#pump();
      if (!this.#ticking) void this.#tick();
    });
  }

  /** Fails what is unanswered and stops. */
  close(): void {
    this.#stop.abort();
    this.#subscription.unsubscribe();
    for (const entry of [...this.#pending.values(), ...this.#waiting]) entry.reject(closed());
    this.#pending.clear();
    this.#waiting = [];
  }

  #pump(): void {
    let taken = 0;
    while (!this.#down && !this.#stalled && taken < this.#waiting.length && this.#pending.size < this.#options.window) {
      const entry = this.#waiting[taken++] as Entry;
      const token = `${this.#nextToken++}`;
      this.#pending.set(token, entry);
      this.#write(token, entry);
    }
    if (taken > 0) this.#waiting.splice(0, taken);
  }

  #write(token: string, entry: Entry): void {
    entry.sentAt = this.#options.clock.now();
    const reply = this.#prefix + token;
    try {
      this.#connection.publish(entry.subject, entry.payload, entry.headers ? { reply, headers: entry.headers } : { reply });
    } catch (reason) {
      // Too large for the server, or the connection was closed for good: sending it again cannot help.
      this.#pending.delete(token);
      entry.reject(new RedQueenError('invalid_argument', `bus: NATS refuses the message (${String(reason)})`, { cause: reason }));
    }
  }

  #answered(answer: Msg): void {
    const token = answer.subject.slice(this.#prefix.length);
    const entry = this.#pending.get(token);
    if (!entry) return;
    if (isTransient(answer)) {
      this.#stalled = true;
      return;
    }
    this.#pending.delete(token);
    entry.resolve(answer);
    if (this.#waiting.length > 0) this.#pump();
  }

  #resend(): void {
    this.#stalled = false;
    for (const [token, entry] of this.#pending) this.#write(token, entry);
    this.#pump();
  }

  #connectionChanged(event: ConnectionEvent): void {
    this.#down = event === 'lost';
    if (event === 'restored') this.#resend();
  }

  /** While anything is unanswered: fails what is too late, sends again what got lost. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    try {
      while (this.#pending.size + this.#waiting.length > 0) {
        await this.#options.clock.sleep(this.#options.resendAfterMs / 4, this.#stop.signal);
        this.#expire();
        const oldest = this.#pending.values().next().value;
        const lost = oldest !== undefined && this.#options.clock.now() - oldest.sentAt >= this.#options.resendAfterMs;
        if (!this.#down && (lost || this.#stalled)) this.#resend();
      }
    } catch {
      // The signal ended the sleep: closed.
    } finally {
      this.#ticking = false;
    }
  }

  #expire(): void {
    const now = this.#options.clock.now();
    const late = new RedQueenError(
      'unavailable',
      `bus: NATS did not confirm within ${this.#options.timeoutMs} ms; is the server up, and has its disk room?`,
    );
    for (const [token, entry] of this.#pending) {
      if (entry.deadline > now) break;
      this.#pending.delete(token);
      entry.reject(late);
    }
    const expired = this.#waiting.findIndex((entry) => entry.deadline > now);
    for (const entry of this.#waiting.splice(0, expired === -1 ? this.#waiting.length : expired)) entry.reject(late);
  }
}

function closed(): RedQueenError {
  return new RedQueenError('cancelled', 'bus: closed while the message waited for its confirmation');
}
