import type { ConsumerMessages, JetStreamClient, JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { decodeMessage, streamOf, type Address, type Message } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { Logger } from '../../log/logger.ts';
import type { Delivery, Mailbox, MailboxOptions } from '../port.ts';
import { durableOf, ensureConsumer } from './consumer.ts';
import { natsError, natsRepeated } from './errors.ts';
import type { Outbox } from './outbox.ts';

// M1. The durable consumer on the server is the truth about what is unacknowledged; this side only pulls from it.
// M2. However a pull ends (missed heartbeats, deleted consumer, restarted server), it is started again until `close`, or until the bus is closed.
// M3. At most `prefetch` messages are pulled ahead of the reader.

/** What a mailbox needs of the bus. */
export interface MailboxParts {
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
}

const acknowledgement = new TextEncoder().encode('+ACK');
const restartAfterMs = 250;
/** Pulls in a row without an answer after which the consumer is looked for. */
const unansweredLimit = 3;

/** Opens an actor's mailbox. Replicas that open the same one share its messages. */
export async function openMailbox(parts: MailboxParts, run: string, address: Address, options: MailboxOptions): Promise<Mailbox> {
  const mailbox = new NatsMailbox(parts, run, address, options);
  await natsRepeated(parts.clock, `open mailbox ${address.role}/${address.key} of run ${run}`, () => mailbox.ensureConsumer());
  return mailbox;
}

class NatsMailbox implements Mailbox {
  readonly #parts: MailboxParts;
  readonly #run: string;
  readonly #address: Address;
  readonly #options: MailboxOptions;
  readonly #closing = new AbortController();
  #messages: ConsumerMessages | undefined;

  constructor(parts: MailboxParts, run: string, address: Address, options: MailboxOptions) {
    this.#parts = parts;
    this.#run = run;
    this.#address = address;
    this.#options = options;
  }

  get #durable(): string {
    return durableOf(this.#address);
  }

  async ensureConsumer(): Promise<void> {
    const { config } = await ensureConsumer(this.#parts.manager, this.#run, this.#address, this.#options);
    if (config.max_ack_pending === this.#options.maxInFlight) return;
    throw new RedQueenError(
      'failed_precondition',
      `mailbox ${this.#durable}: the server ignores max_ack_pending; nats-server 2.9 or newer is needed`,
    );
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Delivery> {
    while (!this.#closing.signal.aborted) {
      try {
        for await (const message of await this.#pull()) yield this.#delivery(message);
      } catch (reason) {
        const failure = natsError(reason, `mailbox ${this.#durable} of run ${this.#run}`);
        if (failure.code === 'cancelled') return;
        this.#parts.logger.warn({ err: failure }, 'pull ended, starting again');
      }
      if (this.#closing.signal.aborted) return;
      await this.#parts.clock.sleep(restartAfterMs, this.#closing.signal).catch(() => undefined);
      if (!this.#closing.signal.aborted) await this.ensureConsumer().catch(() => undefined);
    }
  }

  async #pull(): Promise<ConsumerMessages> {
    const consumer = await this.#parts.stream.consumers.get(streamOf(this.#run), this.#durable);
    const messages = await consumer.consume({
      max_messages: this.#options.prefetch ?? this.#options.maxInFlight,
      expires: 10_000,
      idle_heartbeat: 1000,
      // Pulls again at once after a reconnect or missed heartbeats, without asking for the consumer first: that request may come
      // before JetStream is ready, and the client would then wait for a whole `expires`.
      bind: true,
    });
    this.#messages = messages;
    if (this.#closing.signal.aborted) void messages.close();
    else void this.#endWhenGone(messages);
    return messages;
  }

  /** Ends a pull whose consumer does not answer: the loop then makes it anew. Otherwise a pull is left alone, for what is on its way to it would be lost for a while. */
  async #endWhenGone(messages: ConsumerMessages): Promise<void> {
    let unanswered = 0;
    for await (const event of messages.status()) {
      if (event.type === 'heartbeat') unanswered = 0;
      if (event.type === 'no_responders' || event.type === 'heartbeats_missed') unanswered++;
      if (event.type === 'consumer_deleted' || unanswered >= unansweredLimit) void messages.close();
    }
  }

  #delivery(message: JsMsg): Delivery {
    const { decoded, unreadable } = read(message.data);
    return {
      message: decoded,
      unreadable,
      sequence: message.info.streamSequence,
      deliveries: message.info.deliveryCount,
      acknowledge: async () => {
        const lane = `${streamOf(this.#run)} ${this.#durable}`;
        // Later the message has come again, and what is acknowledged then is that delivery.
        const timeoutMs = this.#options.ackWaitMs;
        await this.#parts.outbox.send({ lane, subject: replySubject(message), payload: acknowledgement, timeoutMs });
      },
      giveBack: (delayMs) => message.nak(delayMs),
      working: () => message.working(),
      terminate: () => message.term(),
    };
  }

  close(): Promise<void> {
    this.#closing.abort();
    // Its promise waits until the reader has taken what was already delivered.
    void this.#messages?.close();
    return Promise.resolve();
  }
}

/** Where acknowledgements go. The client has it but does not declare it; its own `ackAck` would cost a timer for each message. */
function replySubject(message: JsMsg): string {
  return (message as JsMsg & { readonly reply: string }).reply;
}

function read(bytes: Uint8Array): { decoded: Message | undefined; unreadable: string | undefined } {
  try {
    return { decoded: decodeMessage(bytes), unreadable: undefined };
  } catch (reason) {
    return { decoded: undefined, unreadable: reason instanceof Error ? reason.message : String(reason) };
  }
}
