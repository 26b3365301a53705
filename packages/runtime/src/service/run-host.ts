import { addressText } from '@redqueen/contract';
import type { AnyPlugin, RunRecord } from '@redqueen/core';
import type { Actor } from '../actors/actor.ts';
import { startActor, type ActorHost } from '../actors/host.ts';
import { loadPlugins } from '../plugins/load.ts';
import type { LedgerDamage } from '../ledger/damage.ts';
import { HeadFile, type LedgerMark } from '../ledger/head-file.ts';
import { markedBus, markFileOf, requireStored } from '../ledger/marks.ts';
import { failRun } from '../runs/runs.ts';
import { requireRunKeys, runKey, signingActor } from '../signing/run-keys.ts';
import type { Attached } from './attachments.ts';
import type { ServiceContext, ServiceParts } from './types.ts';

/** How long an actor may take to finish what is in hand when its service ends. */
const actorDrainMs = 4000;

/** Drains a run's actors: all of them at once, each within its share of the grace period. */
async function drainAll(hosts: readonly ActorHost[]): Promise<void> {
  const results = await Promise.allSettled(hosts.map((host) => host.drain()));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

async function startAll(
  record: RunRecord,
  actors: readonly Actor[],
  context: ServiceContext,
  marks: HeadFile<LedgerMark>,
): Promise<ActorHost[]> {
  const { clock, ids, instance: owner, logger } = context;
  const onDamage = ({ message }: LedgerDamage): void =>
    void failRun(context, record.run, message).catch((err: unknown) => logger.error({ err, run: record.run }, 'run not ended'));
  const bus = markedBus(context.bus, record, marks, onDamage);
  const hosts: ActorHost[] = [];
  try {
    for (const actor of actors) {
      const log = logger.child({ run: record.run, actor: addressText(actor.address) });
      hosts.push(
        await startActor(actor, {
          bus,
          run: record.run,
          runSeed: record.seed,
          clock,
          ids,
          owner,
          logger: log,
          settings: { drainMs: actorDrainMs },
          onDamage,
        }),
      );
    }
    return hosts;
  } catch (error) {
    await drainAll(hosts).catch(() => {});
    throw error;
  }
}

/** A service's actors of a run; what they tell as rewards is signed where the run asks for it. */
function actorsOf(
  record: RunRecord,
  parts: ServiceParts,
  { name, config }: ServiceContext,
  plugins: readonly AnyPlugin[],
): readonly Actor[] {
  const { keysFolder } = config.signing;
  const key = runKey(record, name, keysFolder);
  if (name === 'reward-aggregator') requireRunKeys(record, keysFolder);
  const actors = parts.actors?.(record, plugins) ?? [];
  return key ? actors.map((actor) => signingActor(actor, key)) : actors;
}

/**
 * Starts a service's actors of a run and tells the service of their hosts.
 * Throws LedgerDamage where the store has lost messages of the run, `failed_precondition` where its key is not that of the run. Where an actor cannot be
 * started, those that were are drained again and the error is thrown.
 */
export async function attachRun(record: RunRecord, parts: ServiceParts, context: ServiceContext): Promise<Attached> {
  const plugins = await loadPlugins(record.recipe.plugins);
  await parts.prepare?.(record.recipe);
  const { bus, clock, config, logger, name } = context;
  const actors = actorsOf(record, parts, context, plugins);
  await bus.openRun(record.run);
  await requireStored(bus, config.dataDir, record);
  const marks = new HeadFile<LedgerMark>(markFileOf(config.dataDir, record.run, name), { clock, logger });
  const hosts = await startAll(record, actors, context, marks);
  parts.attached?.(record, hosts, plugins);
  return {
    actors: hosts.length,
    async stop() {
      parts.detached?.(record.run);
      await drainAll(hosts).finally(() => marks.close());
    },
  };
}
