import { addressOf, addressText, type Address, type Message } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import type { Bus, KeyValue } from '../bus/port.ts';
import { retryId } from './retried.ts';

/** Bucket of the dead letters. */
export const deadLetterBucket = 'rq-dead';

/** <run>.<role>.<key>.<sequence> */
const validKey = /^([-\w]+\.){3}\d+$/;

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

/** A dead letter with its message, as somebody looks at it. */
export interface OpenedLetter {
  readonly record: DeadLetterRecord;
  /** Undefined where the stored bytes cannot be read. */
  readonly message: Message | undefined;
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

  /** Records a dead message; recording it again changes nothing but the cause and the count. */
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
      state: (await this.#get(key))?.record.state ?? 'open',
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

  /** An open letter with its message. Throws `not_found`. */
  async show(key: string): Promise<OpenedLetter> {
    const { record } = await this.#open(key);
    return { record, message: await this.#message(record) };
  }

  /**
   * Tells the actor the message once more, as a new message at the end of its mailbox, and answers its id. It is handled under the first one's id: what was
   * told for that one is not told again. Throws `not_found`, and `failed_precondition` for an unreadable one.
   */
  async retry(key: string): Promise<string> {
    const { record, revision } = await this.#open(key);
    const message = await this.#message(record);
    if (!message)
      throw new RedQueenError('failed_precondition', `dead letter ${key} cannot be read (${record.cause}): it can only be dropped`);
    const to = addressOf(record.actor);
    const id = retryId(message.id, record.sequence);
    await this.#bus.openRun(record.run);
    // Whoever retried it before may have been cut off right here.
    if (!(await this.#isTold(record, id))) await this.#bus.publish({ ...message, id, to, cause: message.id });
    await this.#close(record, 'retried', revision);
    return id;
  }

  /** Takes it off the list; its message stays unhandled. Throws `not_found`. */
  async drop(key: string): Promise<void> {
    const { record, revision } = await this.#open(key);
    await this.#close(record, 'dropped', revision);
  }

  async #get(key: string): Promise<{ record: DeadLetterRecord; revision: number } | undefined> {
    const entry = validKey.test(key) ? await this.#bucket.get(key) : undefined;
    const record = entry && decode(entry.value);
    return entry && record && { record, revision: entry.revision };
  }

  async #open(key: string): Promise<{ record: DeadLetterRecord; revision: number }> {
    const found = await this.#get(key);
    if (found?.record.state === 'open') return found;
    if (!found) throw new RedQueenError('not_found', `there is no dead letter ${JSON.stringify(key)}; \`redqueen dead list\` lists them`);
    const again = found.record.state === 'retried' ? '; should it fail again, that is a letter of its own' : '';
    throw new RedQueenError('not_found', `dead letter ${key} was ${found.record.state} already${again}`);
  }

  async #close(record: DeadLetterRecord, state: 'retried' | 'dropped', revision: number): Promise<void> {
    try {
      await this.#bucket.update(record.key, encode({ ...record, state }), revision);
    } catch (reason) {
      if (!(reason instanceof RedQueenError) || reason.code !== 'aborted') throw reason;
      throw new RedQueenError('aborted', `dead letter ${record.key} was changed by somebody else just now; look at it again`, {
        cause: reason,
      });
    }
  }

  async #isTold(record: DeadLetterRecord, id: string): Promise<boolean> {
    const after = { from: record.sequence + 1, to: addressOf(record.actor), follow: false };
    for await (const { message } of this.#bus.read(record.run, after)) if (message.id === id) return true;
    return false;
  }

  async #message(record: DeadLetterRecord): Promise<Message | undefined> {
    for await (const { message, sequence } of this.#bus.read(record.run, { from: record.sequence, follow: false }))
      return sequence === record.sequence ? message : undefined;
    return undefined;
  }

  async #read(prefix: string): Promise<DeadLetterRecord[]> {
    const keys = (await this.#bucket.keys()).filter((key) => key.startsWith(prefix));
    const entries = await Promise.all(keys.map((key) => this.#bucket.get(key)));
    return entries.map((entry) => entry && decode(entry.value)).filter((record) => record !== undefined);
  }
}
