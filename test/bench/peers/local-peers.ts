import { drive } from '../actors/drive.ts';
import { peerPackage, type PeerSystem, versioned } from './system.ts';

interface Told {
  readonly index: number;
  readonly text: string;
}

interface Nact {
  start(): object;
  stop(system: object): void;
  dispatch(actor: object, message: Told): void;
  spawnStateless(parent: object, handle: (message: Told) => void, name: string): object;
  spawn(parent: object, handle: (state: number | undefined, message: Told) => number, name: string): object;
}

interface Xstate {
  fromTransition(transition: (state: number, event: Told & { type: string }) => number, initial: number): object;
  createActor(logic: object): { start(): void; stop(): void; send(event: Told & { type: string }): void };
}

const text = 'x'.repeat(200);

/** Tells that are done once the actor has come to them. */
function telling(send: (told: Told) => void): {
  side: (count: number) => (window: number) => Promise<readonly number[]>;
  came: (told: Told) => void;
} {
  const waiting = new Map<number, () => void>();
  let next = 0;
  return {
    came({ index }) {
      waiting.get(index)?.();
      waiting.delete(index);
    },
    side(count) {
      const messages = Array.from({ length: count }, () => ({ index: next++, text }));
      return (window) =>
        drive(messages, window, (told) => {
          const handled = new Promise<void>((resolve) => waiting.set(told.index, resolve));
          send(told);
          return handled;
        });
    },
  };
}

/** Actors of other people's within one process. */
export const localPeers: readonly PeerSystem[] = [
  {
    kind: 'local tell',
    name: versioned('nact'),
    persists: 'nothing',
    confirms: 'handled by the actor; the object itself is handed over',
    open: async () => {
      const nact = await peerPackage<Nact>('nact');
      const system = nact.start();
      const { side, came } = telling((told) => nact.dispatch(actor, told));
      const actor = nact.spawn(system, (count = 0, told) => (came(told), count + 1), 'sink');
      return { side, [Symbol.asyncDispose]: async () => nact.stop(system) };
    },
  },
  {
    kind: 'local tell',
    name: versioned('xstate'),
    persists: 'nothing',
    confirms: 'handled, within the call itself where nothing else is under way; the object itself is handed over',
    open: async () => {
      const xstate = await peerPackage<Xstate>('xstate');
      const { side, came } = telling((told) => actor.send({ type: 'told', ...told }));
      const actor = xstate.createActor(xstate.fromTransition((count, event) => (came(event), count + 1), 0));
      actor.start();
      return { side, [Symbol.asyncDispose]: async () => actor.stop() };
    },
  },
];
