import type { AnyPlugin, Clock, IdSource, Recipe, RunRecord } from '@redqueen/core';
import type { Actor } from '../actors/actor.ts';
import type { ActorHost } from '../actors/host.ts';
import type { Bus } from '../bus/port.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../log/logger.ts';
import type { Client } from '../rpc/client.ts';
import type { rpcServiceOf, ServiceName } from '../rpc/definitions.ts';
import type { RpcImplementation } from '../rpc/handlers.ts';

/** The typed client of a service. */
export type ServiceClient<Name extends ServiceName> = Client<(typeof rpcServiceOf)[Name]>;

/** What a service is given. */
export interface ServiceContext {
  readonly name: ServiceName;
  readonly config: Config;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Name of the service process over its restarts; undefined where nobody promises that there is one at a time. */
  readonly instance: string | undefined;
  readonly logger: Logger;
  /** A client of another service: one a service, connected at the first call and again when the connection was lost, closed by the shell. */
  readonly connect: <Name extends ServiceName>(service: Name) => ServiceClient<Name>;
  /** What a service finds wrong with a resolved recipe's plug-ins: a line a fault. Throws `unavailable` where it cannot be asked. */
  readonly checkRecipe: (service: ServiceName, recipe: Recipe) => Promise<readonly string[]>;
  /** Aborts when the service is to end. */
  readonly signal: AbortSignal;
}

/** What a service is made of. */
export interface ServiceParts {
  /** The gRPC services that it offers. */
  readonly rpc: RpcImplementation;
  /** Loads what the service needs of a recipe besides its plug-ins; awaited before `check` and `actors`. */
  readonly prepare?: (recipe: Recipe) => Promise<void>;
  /** Its actors of a run; called when a run starts or the service comes back while one is under way. */
  readonly actors?: (record: RunRecord, plugins: readonly AnyPlugin[]) => readonly Actor[];
  /** The plug-ins that it has of its own, for checking recipes; those of a recipe's packages are loaded by the shell and given to `actors`. */
  readonly plugins?: readonly AnyPlugin[];
  /** Throws where it could not work on a run though it knows every plug-in that the recipe names; asked before the run is started. */
  readonly check?: (record: RunRecord, plugins: readonly AnyPlugin[]) => void;
  /** Called when the actors of a run are at work, with their hosts in the same order: for RPCs that read a state, and for what is told because time has passed. */
  readonly attached?: (record: RunRecord, hosts: readonly ActorHost[], plugins: readonly AnyPlugin[]) => void;
  /** Called before the actors of a run are drained. */
  readonly detached?: (run: string) => void;
  /** The services that must be SERVING before this one is. */
  readonly dependencies: readonly ServiceName[];
  /** Resolves once the service can work; no run is attached before. Rejects where it never will: the service ends with that error. */
  readonly ready?: () => Promise<void>;
  /** Whether the service can answer now, e.g. its native child runs; asked again and again. Always when left out. */
  readonly healthy?: () => boolean;
  /** Calls that it takes at once, and as many streams; the server's own bound when left out. */
  readonly maxCalls?: number;
  /** Releases what the service holds; called last, after its actors and calls have ended. */
  readonly close?: () => Promise<void>;
}

/** Makes a service; the export of every services/<name>/src/service.ts. It must not wait for other services: `ready` may. */
export type CreateService = (context: ServiceContext) => Promise<ServiceParts>;
