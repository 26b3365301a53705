import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { addressText, decodeMessage, encodeMessage, type Message, type MessageInput } from '@redqueen/contract';
import { derivedId } from '@redqueen/core';
import type { Tell } from '@redqueen/runtime';
import { handle, runPlan } from '../../../services/curriculum/src/actor.ts';
import {
  decodeState as decodeCurriculum,
  encodeState as encodeCurriculum,
  initialState as initialCurriculum,
} from '../../../services/curriculum/src/state.ts';
import { fold } from '../../../services/reward-aggregator/src/fold/fold.ts';
import { decodeState, encodeState } from '../../../services/reward-aggregator/src/fold/snapshot.ts';
import { initialState } from '../../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import type { Scene } from '../schedule.ts';
import type { Placed, Stream } from './stream.ts';

/** A fold as its actor does it, one message at a time. */
interface Folding {
  readonly actor: string;
  readonly reads: (message: Message) => boolean;
  readonly step: (message: Message) => readonly Tell[];
  readonly encoded: () => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

const snapshotHeaderBytes = 13;

function aggregator({ record }: Scene): Folding {
  const rules = rulesOf(record);
  let state = initialState();
  return {
    actor: 'reward-aggregator/0',
    reads: () => true,
    step: (message) => {
      const folded = fold(rules, state, message);
      state = folded.state;
      return folded.tells;
    },
    encoded: () => encodeState(state),
    decode: decodeState,
  };
}

function curriculum({ record }: Scene): Folding {
  const plan = runPlan(record);
  let state = initialCurriculum(plan.arms, plan.curriculum);
  return {
    actor: 'curriculum/0',
    reads: ({ to }) => addressText(to) === 'curriculum/0',
    step: (message) => {
      const effects = handle(plan, state, message);
      state = effects.state;
      return effects.tells;
    },
    encoded: () => encodeCurriculum(state),
    decode: (bytes) => decodeCurriculum(bytes, plan.arms.length),
  };
}

/** What single writers told, hold and stored is what a fold over the stream from scratch gives. */
export async function checkFolds(scene: Scene, stream: Stream): Promise<void> {
  await checkFold(scene, stream, aggregator(scene));
  await checkFold(scene, stream, curriculum(scene));
}

async function checkFold(scene: Scene, stream: Stream, folding: Folding): Promise<void> {
  const { actor, reads, step, encoded } = folding;
  const stored = await newestSnapshot(scene, actor);
  const expected: Message[] = [];
  let there: Uint8Array | undefined;
  for (const { message, sequence } of stream.firsts) {
    if (sequence > stored.sequence) there ??= encoded();
    if (reads(message)) expected.push(...step(message).map((tell, index) => asTold(message, tell, index, actor)));
  }
  compareTold(scene, stream, actor, expected);
  if (stored.bytes && !isDeepStrictEqual(folding.decode(stored.bytes), folding.decode(there ?? encoded())))
    scene.witness.violate('replay', `the snapshot of ${actor} at ${stored.sequence} is not the fold of the stream up to there`);
}

async function newestSnapshot({ bus, record }: Scene, actor: string): Promise<{ sequence: number; bytes: Uint8Array | undefined }> {
  const entry = await (await bus.keyValue('rq-snapshots')).get(`${record.run}.${actor.replace('/', '.')}`);
  if (!entry || entry.value.length <= snapshotHeaderBytes) return { sequence: 0, bytes: undefined };
  const value = Buffer.from(entry.value);
  return { sequence: value.readDoubleLE(4), bytes: gunzipSync(value.subarray(snapshotHeaderBytes)) };
}

function asTold(cause: Message, tell: Tell, index: number, from: string): Message {
  const [role = '', key = ''] = from.split('/');
  const { run, traceparent } = cause;
  const envelope = { id: derivedId(cause.id, from, index), run, from: { role, key }, cause: cause.id, traceparent };
  return decodeMessage(encodeMessage({ ...envelope, ...tell } as MessageInput));
}

/** The same messages, in the same order (A6). What was told outside of any message has no cause. */
function compareTold({ witness }: Scene, stream: Stream, actor: string, expected: readonly Message[]): void {
  const told = stream.firsts.filter(({ message }) => addressText(message.from) === actor && message.cause !== '');
  const name = ({ kind, id }: Message): string => `${kind} ${id.slice(0, 8)}`;
  const byId = new Map(told.map((placed) => [placed.message.id, placed]));
  let before: Placed | undefined;
  for (const message of expected) {
    const placed = byId.get(message.id);
    if (!placed) return witness.violate('told', `${actor} never told ${name(message)}, which a fold from scratch tells`);
    if (!isDeepStrictEqual(placed.message, message))
      return witness.violate('replay', `${actor} told ${name(message)} otherwise than a fold from scratch does`);
    if (before && before.sequence > placed.sequence)
      return witness.violate('A6', `${actor} told ${name(before.message)} after ${name(message)}`);
    before = placed;
  }
  const known = new Set(expected.map(({ id }) => id));
  const stray = told.find(({ message }) => !known.has(message.id));
  if (stray) witness.violate('told', `${actor} told ${name(stray.message)} at ${stray.sequence}, which a fold from scratch does not tell`);
}
