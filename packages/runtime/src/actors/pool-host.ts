import { addressText, type Address, type Message, type MessageInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { Delivery, Mailbox } from '../bus/port.ts';
import type { PoolActor, Tell } from './actor.ts';
import { contextOf, toldMessages, type ContextSource } from './context.ts';
import { DeadLetters } from './dead-letters.ts';
import { causeOf, isDead, requireOwn } from './handler-failure.ts';
import type { ActorHost, ActorStatus, ResolvedHostOptions } from './hosting.ts';
import { InHand } from './in-hand.ts';
import { originOf } from './retried.ts';
import { backOffMs } from './settings.ts';
import { RecentIds, ToldIndex } from './told.ts';

// P1. A message is acknowledged only after everything that it told is confirmed (A2).
// P2. Handling a message again tells the same ids (A3). What an earlier delivery may have told is looked up in the stream and left out.
// P3. At most `concurrency` handlers run; nothing else is queued here than the mailbox's prefetch (A4).
// P4. A failed handler gives its message back for a growing time, until it is dead (A5).
// P5. A draining host takes nothing new and gives back what it does not finish in time (A7).

const rememberedIds = 8192;

/** Starts a pool actor's host. */
export async function startPool(actor: PoolActor, options: ResolvedHostOptions): Promise<ActorHost> {
  const { bus, run, settings, clock } = options;
  const { maxInFlight, ackWaitMs } = settings;
  const mailbox = await bus.mailbox(run, actor.address, {
    maxInFlight: Math.max(maxInFlight, actor.concurrency),
    ackWaitMs,
    prefetch: actor.concurrency,
  });
  const host = new PoolHost(actor, options, mailbox, await DeadLetters.open(bus, clock), await bus.lastSequence(run));
  host.start();
  return host;
}

class PoolHost implements ActorHost {
  readonly done: Promise<void>;
  readonly #actor: PoolActor;
  readonly #options: ResolvedHostOptions;
  readonly #mailbox: Mailbox;
  readonly #deadLetters: DeadLetters;
  readonly #told: ToldIndex;
  /** Newest sequence when the host began. */
  readonly #earlier: number;
  readonly #source: ContextSource;
  readonly #recent = new RecentIds(rememberedIds);
  readonly #inHand: InHand;
  /** By sequence: how often its handler failed here. */
  readonly #failures = new Map<number, number>();
  readonly #counts = { handled: 0, duplicates: 0, failures: 0, deadLetters: 0 };
  #phase: ActorStatus['phase'] = 'starting';
  #lastError: string | undefined;
  #free: (() => void) | undefined;
  #finish: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(actor: PoolActor, options: ResolvedHostOptions, mailbox: Mailbox, deadLetters: DeadLetters, earlier: number) {
    this.#actor = actor;
    this.#options = options;
    this.#mailbox = mailbox;
    this.#deadLetters = deadLetters;
    this.#earlier = earlier;
    const { run, runSeed, clock } = options;
    this.#source = { run, runSeed, clock, self: actor.address };
    this.#told = new ToldIndex(options.bus, options.run, actor.address);
    this.#inHand = new InHand(options.clock, options.settings.ackWaitMs / 3, options.settings.handlerTimeoutMs);
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  get address(): Address {
    return this.#actor.address;
  }

  start(): void {
    this.#phase = 'active';
    this.#loop = this.#run().catch((reason: unknown) => {
      this.#lastError = causeOf(reason);
      this.#options.logger.error({ err: reason, actor: addressText(this.address) }, 'mailbox failed');
    });
    // A mailbox that ends by itself belongs to a bus that was closed.
    void this.#loop.then(async () => {
      if (this.#phase === 'active') await this.close();
    });
  }

  state(): undefined {
    return undefined;
  }

  status(): ActorStatus {
    return { phase: this.#phase, epoch: 0, sequence: 0, inHand: this.#inHand.size, ...this.#counts, lastError: this.#lastError };
  }

  async tell(tell: Tell, id: string): Promise<void> {
    await this.#options.bus.publish({ ...tell, id, run: this.#options.run, from: this.address, cause: '', traceparent: '' });
  }

  async drain(): Promise<void> {
    if (this.#phase === 'active') this.#phase = 'draining';
    await this.#mailbox.close();
    const { clock, settings } = this.#options;
    const inTime = new AbortController();
    const timeUp = clock.sleep(settings.drainMs, inTime.signal).catch(() => undefined);
    await Promise.race([this.#inHand.emptied(), timeUp]);
    inTime.abort();
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#phase === 'stopped') return await this.done;
    this.#phase = 'stopped';
    await this.#mailbox.close();
    this.#inHand.abort(new RedQueenError('cancelled', `${addressText(this.address)} is stopping`));
    this.#free?.();
    await this.#loop;
    await this.#inHand.emptied();
    this.#finish();
  }

  async #run(): Promise<void> {
    for await (const delivery of this.#mailbox) {
      if (this.#phase !== 'active') {
        delivery.giveBack(0);
        continue;
      }
      if (this.#inHand.has(delivery.sequence)) {
        // It came again because it took long; the handler at work will acknowledge it.
        delivery.working();
        continue;
      }
      void this.#handle(delivery);
      if (this.#inHand.size >= this.#actor.concurrency) await new Promise<void>((resolve) => (this.#free = resolve));
    }
  }

  async #handle(delivery: Delivery): Promise<void> {
    const signal = this.#inHand.add(delivery);
    try {
      if (!delivery.message) await this.#bury(delivery, `unreadable: ${delivery.unreadable}`);
      else if (delivery.deliveries > this.#options.settings.maxDeliverRetryable)
        await this.#bury(delivery, 'delivered too often without an end');
      else await this.#process(delivery, delivery.message, signal);
    } catch (reason) {
      await this.#failed(delivery, reason);
    } finally {
      this.#inHand.remove(delivery);
      this.#free?.();
    }
  }

  async #process(delivery: Delivery, message: Message, signal: AbortSignal): Promise<void> {
    if (this.#recent.has(message.id)) {
      this.#counts.duplicates++;
    } else {
      requireOwn(message, this.#options.run, this.address);
      const known = await this.#toldBefore(delivery, message);
      const tells = await this.#actor.receive(message, contextOf(this.#source, message.id, signal));
      await this.#publish(toldMessages(this.address, message, tells), known);
      this.#recent.add(message.id);
      this.#counts.handled++;
    }
    this.#failures.delete(delivery.sequence);
    // Not waited for: should it get lost, the message comes again and is dropped as a duplicate.
    delivery.acknowledge().catch((reason: unknown) => this.#options.logger.debug({ err: reason }, 'acknowledgement not confirmed'));
  }

  /**
   * What an earlier delivery, here before a crash or elsewhere, may have told already (P2). The count alone does not say whether there was one:
   * a killed server forgets its last deliveries, an imported run all of them. So whatever is older than this host is looked up.
   */
  async #toldBefore({ deliveries, sequence }: Delivery, message: Message): Promise<ReadonlySet<string> | undefined> {
    const first = originOf(message.id).sequence;
    if (first === undefined && deliveries <= 1 && sequence > this.#earlier) return undefined;
    return await this.#told.since(first ?? sequence);
  }

  async #publish(messages: readonly MessageInput[], known: ReadonlySet<string> | undefined): Promise<void> {
    const news = known ? messages.filter((message) => !known.has(message.id)) : messages;
    await Promise.all(news.map((message) => this.#options.bus.publish(message)));
  }

  async #failed(delivery: Delivery, reason: unknown): Promise<void> {
    const { settings, logger } = this.#options;
    if (this.#phase === 'stopped') return delivery.giveBack(0);
    const failures = (this.#failures.get(delivery.sequence) ?? 0) + 1;
    this.#failures.set(delivery.sequence, failures);
    this.#counts.failures++;
    this.#lastError = causeOf(reason);
    const facts = { actor: addressText(this.address), sequence: delivery.sequence, deliveries: delivery.deliveries, err: reason };
    if (!isDead(settings, { failures, deliveries: delivery.deliveries }, reason)) {
      logger.warn(facts, 'handler failed, the message is given back');
      return delivery.giveBack(backOffMs(settings, failures));
    }
    logger.error(facts, 'handler failed too often, the message is dead');
    try {
      await this.#bury(delivery, causeOf(reason));
    } catch (failure) {
      logger.error({ ...facts, err: failure }, 'dead letter not recorded, the message is given back');
      delivery.giveBack(settings.longestBackOffMs);
    }
  }

  async #bury(delivery: Delivery, cause: string): Promise<void> {
    const { run } = this.#options;
    const { sequence, message, deliveries } = delivery;
    await this.#deadLetters.record({ run, actor: this.address, sequence, message, cause, deliveries });
    this.#failures.delete(sequence);
    this.#counts.deadLetters++;
    delivery.terminate();
  }
}
