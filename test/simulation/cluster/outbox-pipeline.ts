import { addressText, type MessageInput } from '@redqueen/contract';
import { randomOf, type Random } from '@redqueen/core';
import type { Bus, PublishResult } from '@redqueen/runtime';
import type { Link, Observer, Pipeline } from '@redqueen/testkit';
import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { storeOf } from '../../../packages/runtime/src/bus/memory/memory-bus.ts';
import type { ConnectionEvents } from '../../../packages/runtime/src/bus/nats/connection-events.ts';
import { Outbox } from '../../../packages/runtime/src/bus/nats/outbox.ts';
import { publishMessage } from '../../../packages/runtime/src/bus/nats/publisher.ts';

/** How publications may come to the bus more than once. */
export interface Repetition {
  /** Share of publications that the network doubles. */
  readonly rate: number;
  /** Latest time after which a copy arrives. */
  readonly withinMs: number;
}

/** What a pipeline is made of. */
export interface OutboxPipelineParts {
  readonly bus: Bus;
  readonly link: Link;
  readonly observer: Observer;
  readonly repetition: Repetition;
  readonly seed: number;
  /** Whether the run's stream cannot store anything now. */
  readonly isLeaderless: () => boolean;
}

interface Callback {
  readonly callback: (error: null, answer: Msg) => void;
}

const publishTimeoutMs = 60_000;
/** What NATS answers where nobody listens. */
const noLeader = 503;
const confirmed = new TextEncoder().encode('{}');

/**
 * Publications and acknowledgements over the outbox that the JetStream bus has, on a link instead of a NATS connection: the same pipelining, order and
 * repetition as in production.
 */
export function outboxPipeline(parts: OutboxPipelineParts): Pipeline {
  const { link } = parts;
  const server = new SimulatedServer(parts);
  const events = { listen: (listener: Parameters<Link['listen']>[0]) => link.listen(listener) } as unknown as ConnectionEvents;
  const outbox = new Outbox(server as unknown as NatsConnection, events, {
    clock: link.process.clock,
    window: 256,
    maxWaiting: 16_384,
    resendAfterMs: 2000,
  });
  return {
    publish: (message: MessageInput): Promise<PublishResult> => publishMessage(outbox, message, publishTimeoutMs),
    acknowledge: async (sequence, act) => {
      const subject = `ack.${sequence}`;
      server.acknowledgements.set(subject, act);
      await outbox.send({ lane: 'acknowledgements', subject, payload: confirmed, timeoutMs: publishTimeoutMs });
    },
  };
}

/** The part of a NATS connection that an outbox uses. */
class SimulatedServer {
  readonly acknowledgements = new Map<string, () => Promise<void>>();
  readonly #parts: OutboxPipelineParts;
  readonly #random: Random;
  #answer: Callback['callback'] = () => undefined;
  /** Refusals that the process has not heard of. */
  #refusals = 0;

  constructor(parts: OutboxPipelineParts) {
    this.#parts = parts;
    parts.link.listen(() => (this.#refusals = 0));
    this.#random = randomOf(parts.seed, 'repetition', parts.link.process.name);
  }

  subscribe(_subject: string, { callback }: Callback): { unsubscribe: () => void } {
    this.#answer = callback;
    return { unsubscribe: () => undefined };
  }

  publish(subject: string, payload: Uint8Array, { reply, headers }: { reply: string; headers?: MsgHdrs }): void {
    const act = this.acknowledgements.get(subject);
    if (act) return this.#parts.link.toBus('acknowledge', () => void act().then(() => this.#reply(reply, '{}')));
    const [, run = '', role = '', key = '', kind = ''] = subject.split('.');
    const id = headers?.get('Nats-Msg-Id') ?? '';
    const store = (): PublishResult => {
      const result = storeOf(this.#parts.bus).publish(run, { id, to: addressText({ role, key }), bytes: payload });
      this.#parts.observer({ kind: 'published', process: this.#parts.link.process.name, id, result });
      return result;
    };
    const effect = `publish ${kind} ${id.slice(0, 8)}`;
    this.#parts.link.toBus(effect, () => {
      if (this.#parts.isLeaderless() || this.#refusals > 0) return this.#refuse(reply);
      const { sequence, duplicate } = store();
      this.#reply(reply, JSON.stringify({ seq: sequence, duplicate }));
      this.#repeat(store);
    });
  }

  #reply(subject: string, json: string): void {
    const answer = { subject, data: Buffer.from(json), json: () => JSON.parse(json) as unknown } as unknown as Msg;
    this.#parts.link.toProcess('confirmation', () => this.#answer(null, answer));
  }

  /**
   * No leader: what is under way behind it is refused as well. A leader that comes back between two messages of one sender would store the second and not the
   * first, which the outbox then sends again too late: order (A6) does not survive that, and is not promised here.
   */
  #refuse(reply: string): void {
    this.#refusals++;
    const answer = { subject: reply, data: Buffer.from(''), headers: { code: noLeader } } as unknown as Msg;
    this.#parts.link.toProcess('no leader', () => {
      this.#refusals--;
      this.#answer(null, answer);
    });
  }

  /** A copy that the network made arrives some time later. */
  #repeat(store: () => PublishResult): void {
    const { rate, withinMs } = this.#parts.repetition;
    const copies = rate > 0 && this.#random.uniform() < rate ? 1 + this.#random.integer(4) : 0;
    for (let copy = 0; copy < copies; copy++) {
      this.#parts.link.process.scheduler.after(this.#random.uniform() * withinMs, 'copy', () => void store());
    }
  }
}
