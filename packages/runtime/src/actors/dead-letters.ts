import { addressOf, addressText, type Address, type Message } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { Bus, KeyValue } from '../bus/port.ts';

/** Bucket of the dead letters. */
const deadLetterBucket = 'rq-dead';

/** A message that an actor could not handle. The message itself stays on its run's stream. */
export interface DeadLetterRecord {
  /** Names it: <run>.<role>.<key>.<sequence>. */
  readonly key: string;
  readonly run: string;
  /** The actor that could not handle it, role/key. */
  readonly actor: string;
  readonly sequence: number;
  /** Empty where the message could not be read. */
  readonly id: string;
  readonly kind: string;
  /** Why, for a person. */
  readonly cause: string;
  readonly deliveries: number;
  /** Milliseconds since the epoch, for people. */
  readonly at: number;
  /** A retried or dropped letter is no longer listed, but its message stays skipped. */
  readonly state: 'open' | 'retried' | 'dropped';
}

/** A dead message as its host reports it. */
export interface DeadMessage {
  readonly run: string;
  readonly actor: Address;
  readonly sequence: number;
  readonly message: Message | undefined;
  readonly cause: string;
  readonly deliveries: number;
}

function decode(value: Uint8Array): DeadLetterRecord | undefined {
  return value.length === 0 ? undefined : (JSON.parse(Buffer.from(value).toString('utf8')) as DeadLetterRecord);
}

function encode(record: DeadLetterRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record));
}

/** The dead letters of all runs: recorded by actor hosts, looked after by a person. */
export class DeadLetters {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #bucket: KeyValue;

  private constructor(bus: Bus, clock: Clock, bucket: KeyValue) {
    this.#bus = bus;
    this.#clock = clock;
    this.#bucket = bucket;
  }

  static async open(bus: Bus, clock: Clock): Promise<DeadLetters> {
    return new DeadLetters(bus, clock, await bus.keyValue(deadLetterBucket));
  }

  /** Records a dead message; recording it again changes nothing but the cause. */
  async record(dead: DeadMessage): Promise<DeadLetterRecord> {
    const { run, sequence, cause, deliveries } = dead;
    const key = `${run}.${dead.actor.role}.${dead.actor.key}.${sequence}`;
    const { id = '', kind = '' } = dead.message ?? {};
    const record: DeadLetterRecord = {
      key,
      run,
      actor: addressText(dead.actor),
      sequence,
      id,
      kind,
      cause,
      deliveries,
      at: this.#clock.now(),
      state: 'open',
    };
    await this.#bucket.put(key, encode(record));
    return record;
  }

  /** Open letters, of one run or of all, in order of run, actor and sequence. */
  async list(run?: string): Promise<DeadLetterRecord[]> {
    const records = await this.#read(run === undefined ? '' : `${run}.`);
    return records
      .filter((record) => record.state === 'open')
      .toSorted((a, b) => a.run.localeCompare(b.run) || a.actor.localeCompare(b.actor) || a.sequence - b.sequence);
  }

  /** Sequences that an actor must skip, whatever became of the letters. */
  async skipped(run: string, actor: Address): Promise<Set<number>> {
    const records = await this.#read(`${run}.${actor.role}.${actor.key}.`);
    return new Set(records.map((record) => record.sequence));
  }

  /** Tells the actor the message once more, as a new message at the end of its mailbox. Throws `not_found`, and `failed_precondition` for an unreadable one. */
  async retry(key: string): Promise<void> {
    const { record, revision } = await this.#open(key);
    const message = await this.#message(record);
    await this.#bus.openRun(record.run);
    await this.#bus.publish({ ...message, id: `${message.id}.retry`, to: addressOf(record.actor), cause: message.id });
    await this.#bucket.update(key, encode({ ...record, state: 'retried' }), revision);
  }

  /** Takes it off the list; its message stays unhandled. Throws `not_found`. */
  async drop(key: string): Promise<void> {
    const { record, revision } = await this.#open(key);
    await this.#bucket.update(key, encode({ ...record, state: 'dropped' }), revision);
  }

  async #open(key: string): Promise<{ record: DeadLetterRecord; revision: number }> {
    const entry = await this.#bucket.get(key);
    const record = entry && decode(entry.value);
    if (!entry || record?.state !== 'open') throw new RedQueenError('not_found', `there is no dead letter ${key}; list them first`);
    return { record, revision: entry.revision };
  }

  async #message(record: DeadLetterRecord): Promise<Message> {
    for await (const { message, sequence } of this.#bus.read(record.run, { from: record.sequence, follow: false })) {
      if (sequence === record.sequence) return message;
      break;
    }
    throw new RedQueenError('failed_precondition', `dead letter ${record.key} cannot be read (${record.cause}): it can only be dropped`);
  }

  async #read(prefix: string): Promise<DeadLetterRecord[]> {
    const keys = (await this.#bucket.keys()).filter((key) => key.startsWith(prefix));
    const entries = await Promise.all(keys.map((key) => this.#bucket.get(key)));
    return entries.map((entry) => entry && decode(entry.value)).filter((record) => record !== undefined);
  }
}
