import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startTestNats } from '@redqueen/testkit';
import { drive } from '../actors/drive.ts';
import { openBroker } from './moleculer-broker.ts';
import { type PeerSystem, versioned } from './system.ts';

/** moleculer asks a broker in another process over NATS. */
export const remotePeers: readonly PeerSystem[] = [
  {
    kind: 'remote ask',
    name: `${versioned('moleculer')} over NATS`,
    persists: 'nothing',
    confirms: 'the answer; default deadline (none), no retry',
    open: async () => {
      const nats = await startTestNats({ jetStream: false });
      const child = fork(join(import.meta.dirname, 'moleculer-server.ts'), [nats.url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      await once(child, 'message');
      const broker = await openBroker(nats.url, 'asker');
      await broker.start();
      await broker.waitForServices('curriculum');
      return {
        side: (count) => (window) =>
          drive(
            Array.from({ length: count }, () => ({ run: 'bench', count: 4 })),
            window,
            (request) => broker.call('curriculum.next', request),
          ),
        [Symbol.asyncDispose]: async () => {
          await broker.stop();
          const ended = once(child, 'exit');
          child.disconnect();
          await ended;
          await nats.close();
        },
      };
    },
  },
];
