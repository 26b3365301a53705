import { DiscardPolicy, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { runSubject, streamOf } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import { natsRepeated } from './errors.ts';

/** How a run's stream is stored. */
export interface StreamSettings {
  /** Copies in a cluster: 1, 3 or 5. */
  readonly replicas: number;
  /** Within which time a repeated id is stored once. */
  readonly duplicateWindowMs: number;
}

/** What keeping a stream needs of the bus. */
export interface StreamParts {
  readonly manager: JetStreamManager;
  readonly clock: Clock;
}

/** The ledger: nothing is ever deleted, purged or pushed out (design: a run is its stream). */
function configOf(run: string, settings: StreamSettings) {
  return {
    name: streamOf(run),
    subjects: [runSubject(run)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    deny_delete: true,
    deny_purge: true,
    num_replicas: settings.replicas,
    duplicate_window: nanos(settings.duplicateWindowMs),
  } satisfies Partial<StreamConfig>;
}

/** Gives a stream that exists, or that of a bucket, as many copies as are asked for now. Never fewer than it has: a tool beside the cluster may not know. */
export async function ensureReplicas({ manager, clock }: StreamParts, stream: string, replicas: number): Promise<void> {
  await natsRepeated(clock, `keep ${replicas} copies of ${stream}`, async () => {
    const { config } = await manager.streams.info(stream);
    if (config.num_replicas < replicas) await manager.streams.update(stream, { num_replicas: replicas });
  });
}

/** Creates the run's stream, or makes sure that the one that exists is a ledger. An old server drops what it does not know: compare. */
export async function ensureStream(parts: StreamParts, run: string, settings: StreamSettings): Promise<void> {
  const { manager, clock } = parts;
  const wanted = configOf(run, settings);
  const { config } = await natsRepeated(clock, `open run ${run}`, async () => {
    try {
      return await manager.streams.info(wanted.name);
    } catch {
      // Most likely it does not exist; where the server is away, adding it fails with the true reason.
      return await manager.streams.add(wanted);
    }
  });
  if (config.num_replicas < settings.replicas) await ensureReplicas(parts, wanted.name, settings.replicas);
  const ledger = ['storage', 'discard', 'deny_delete', 'deny_purge'] as const;
  const wrong = ledger.filter((field) => config[field] !== wanted[field]);
  if (wrong.length === 0) return;
  throw new RedQueenError(
    'failed_precondition',
    `stream ${wanted.name} exists with another ${wrong.join(', ')}: use a new run id or another NATS store`,
  );
}
