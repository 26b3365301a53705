import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { encodeMessage, subjectOf, type MessageInput } from '@redqueen/contract';
import { answering, taskFor } from './pool-loop.ts';
import { openBenchBus } from './bench-bus.ts';
import { drive, type PreparedSide } from './drive.ts';

/** The same durable tells in two ways. */
export interface TellSides extends AsyncDisposable {
  /** Through an actor's host: codec, outbox, confirmation. */
  readonly ours: PreparedSide;
  /** `publish` of the NATS client: bytes that are encoded beforehand, with the same ids, subjects and stream settings. */
  readonly raw: PreparedSide;
  /** Bytes of a message. */
  readonly bytes: number;
}

const ours = 'ours';
const raw = 'raw';

/** A message of the size that the loop's mostly have. */
function messageOf(run: string, index: number): MessageInput {
  const canonical = `10+1${'0'.repeat(320)}`;
  const told = taskFor(run, 'sink', `t${index}`);
  if (told.kind !== 'task') return told;
  return { ...told, kind: 'task', body: { ...told.body, spec: { ...told.body.spec, canonical } } };
}

/** Opens both sides on one server: a connection and a stream of its own for each, made by the same code. */
export async function openTellSides(): Promise<TellSides> {
  const benchBus = await openBenchBus();
  const host = await benchBus.start(ours, answering('nobody'));
  await benchBus.bus.openRun(raw);
  const connection = await connect({ servers: benchBus.nats.url });
  const client = jetstream(connection, { timeout: 10_000 });
  let told = 0;
  const newMessages = (run: string, count: number): MessageInput[] => Array.from({ length: count }, () => messageOf(run, told++));
  return {
    bytes: encodeMessage(messageOf(raw, 1_000_000)).length,
    ours(count) {
      const tells = newMessages(ours, count);
      return (window) => drive(tells, window, (message) => host.tell(message, message.id));
    },
    raw(count) {
      const ready = newMessages(raw, count).map((message) => {
        return { subject: subjectOf(message.run, message.to, message.kind), bytes: encodeMessage(message), id: message.id };
      });
      return (window) => drive(ready, window, ({ subject, bytes, id }) => client.publish(subject, bytes, { msgID: id }));
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await benchBus[Symbol.asyncDispose]();
    },
  };
}
