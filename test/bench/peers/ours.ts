import { temporaryFolder } from '@redqueen/testkit';
import { openAskSides } from '../actors/ask-sides.ts';
import { openLocalTells } from '../actors/local-tells.ts';
import { openTellSides } from '../actors/tell-sides.ts';
import type { PeerSystem } from './system.ts';

/** Ours, and the plain clients that ours are made of. */
export const ours: readonly PeerSystem[] = [
  {
    kind: 'local tell',
    name: 'Red Queen, memory bus',
    persists: 'nothing; the run’s whole log stays in memory and can be read again',
    confirms: 'stored once under its id, encoded, decoded and handled by the actor',
    open: async () => {
      const local = await openLocalTells();
      return { side: local.tells, [Symbol.asyncDispose]: () => local[Symbol.asyncDispose]() };
    },
  },
  {
    kind: 'local tell',
    name: 'Red Queen, memory bus with a journal',
    persists: 'every message, in a file that is written but not synced: survives the process, not the machine',
    confirms: 'the same, and written to the journal',
    open: async () => {
      const folder = temporaryFolder();
      const local = await openLocalTells(folder.path);
      return {
        side: local.tells,
        [Symbol.asyncDispose]: async () => {
          await local[Symbol.asyncDispose]();
          folder[Symbol.dispose]();
        },
      };
    },
  },
  ...(['ours', 'raw'] as const).map(
    (which): PeerSystem => ({
      kind: 'durable tell',
      name: which === 'ours' ? 'Red Queen, an actor’s host on JetStream' : 'JetStream, publish of the NATS client',
      persists: 'every message, in the stream’s file on one server, synced every two minutes: survives the processes, not the machine',
      confirms: 'stored once under its id (duplicate window of two minutes)',
      open: async () => {
        const sides = await openTellSides();
        return { side: sides[which], [Symbol.asyncDispose]: () => sides[Symbol.asyncDispose]() };
      },
    }),
  ),
  ...(['ours', 'raw'] as const).map(
    (which): PeerSystem => ({
      kind: 'remote ask',
      name: which === 'ours' ? 'Red Queen, gRPC unary' : 'grpc-js alone, unary',
      persists: 'nothing',
      confirms: which === 'ours' ? 'the answer; deadline, retry where nobody answered, errors by name' : 'the answer; no deadline',
      open: async () => {
        const sides = await openAskSides();
        return { side: sides[which], [Symbol.asyncDispose]: () => sides[Symbol.asyncDispose]() };
      },
    }),
  ),
];
