import { drive } from '../actors/drive.ts';
import { startRedis } from './redis.ts';
import { peerPackage, type PeerSystem, versioned } from './system.ts';

interface BullMq {
  readonly Queue: new (
    name: string,
    options: { readonly connection: { readonly host: string; readonly port: number } },
  ) => {
    add(name: string, data: object, options: { readonly jobId: string }): Promise<unknown>;
    close(): Promise<void>;
  };
}

/** Bytes of a message besides its id. */
const text = 'x'.repeat(400);

function bullMq(durable: boolean): PeerSystem {
  return {
    kind: 'durable tell',
    name: `${versioned('bullmq')}, redis ${durable ? 'with its append-only file' : 'without persistence'}`,
    persists: durable
      ? 'every job, in a file that is synced once a second: survives the processes, not the machine’s last second'
      : 'nothing',
    confirms: 'added once under its id (as long as the job is kept)',
    open: async () => {
      const { Queue } = await peerPackage<BullMq>('bullmq');
      const redis = await startRedis(durable);
      const queue = new Queue('bench', { connection: { host: '127.0.0.1', port: redis.port } });
      let next = 0;
      return {
        side(count) {
          const ids = Array.from({ length: count }, () => `t${next++}`);
          return (window) => drive(ids, window, (jobId) => queue.add('task', { text }, { jobId }));
        },
        [Symbol.asyncDispose]: async () => {
          await queue.close();
          await redis[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** BullMQ on Debian's redis. */
export const queuePeers: readonly PeerSystem[] = [bullMq(true), bullMq(false)];
