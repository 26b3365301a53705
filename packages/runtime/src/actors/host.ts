import type { Actor, PoolActor, StatefulActor } from './actor.ts';
import type { ActorHost, ActorHostOptions } from './hosting.ts';
import { startPool } from './pool-host.ts';
import { defaultActorSettings } from './settings.ts';
import { startStateful } from './stateful-host.ts';

export type { ActorHost, ActorHostOptions, ActorStatus } from './hosting.ts';

/** Starts an actor in a run: opens its mailbox, or waits for its lease, and handles messages until it is drained or closed. */
export function startActor<State>(actor: StatefulActor<State>, options: ActorHostOptions): Promise<ActorHost<State>>;
export function startActor(actor: Actor, options: ActorHostOptions): Promise<ActorHost>;
export function startActor(actor: PoolActor, options: ActorHostOptions): Promise<ActorHost>;
export async function startActor(actor: Actor, options: ActorHostOptions): Promise<ActorHost> {
  const resolved = { ...options, settings: { ...defaultActorSettings, ...options.settings } };
  await options.bus.openRun(options.run);
  return actor.type === 'pool' ? await startPool(actor, resolved) : await startStateful(actor, resolved);
}
