import { AckPolicy, DeliverPolicy, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { mailboxSubject, streamOf, type Address } from '@redqueen/contract';
import type { MailboxOptions } from '../port.ts';
import { natsError } from './errors.ts';

/** Name of an actor's durable consumer on its run's stream. */
export function durableOf(address: Address): string {
  return `${address.role}_${address.key}`;
}

function settingsOf(options: MailboxOptions) {
  return {
    ack_wait: nanos(options.ackWaitMs),
    max_ack_pending: options.maxInFlight,
    // Without end: the actor host decides when a message is dead (A5).
    max_deliver: -1,
  };
}

/** Makes an actor's consumer, from a sequence on. */
export function createConsumer(
  manager: JetStreamManager,
  run: string,
  address: Address,
  options: MailboxOptions,
  from = 1,
): Promise<ConsumerInfo> {
  return manager.consumers.add(streamOf(run), {
    durable_name: durableOf(address),
    filter_subject: mailboxSubject(run, address),
    ...(from === 1 ? { deliver_policy: DeliverPolicy.All } : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }),
    ack_policy: AckPolicy.Explicit,
    ...settingsOf(options),
  });
}

/** The actor's consumer with these settings, made where there is none. Where it begins is never changed: an imported run's goes on in the middle. */
export async function ensureConsumer(
  manager: JetStreamManager,
  run: string,
  address: Address,
  options: MailboxOptions,
): Promise<ConsumerInfo> {
  try {
    return await manager.consumers.update(streamOf(run), durableOf(address), settingsOf(options));
  } catch (reason) {
    if (natsError(reason, 'open mailbox').code !== 'not_found') throw reason;
    return await createConsumer(manager, run, address, options);
  }
}
