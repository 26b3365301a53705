// rpc: typed gRPC servers and clients
export { connectRpc, type CallOptions, type Client } from './rpc/client.ts';
export { rpcServiceOf, serviceNames, type Method, type RpcService, type ServiceName } from './rpc/definitions.ts';
export type { CallContext, Handler, Handlers, RpcImplementation } from './rpc/handlers.ts';
export { healthProbe, type HealthProbe, type HealthStatus } from './rpc/health.ts';
export { maxRequestBytes, startRpcServer, type RpcServer, type RpcServerOptions } from './rpc/server.ts';
// log and telemetry
export { createLogger, logLevels, silentLogger, type Logger, type LoggerOptions, type LogLevel } from './log/logger.ts';
export { childTraceparent, spanContextOf, traceparentOf } from './telemetry/trace.ts';
// config: settings, recipes, models
export { childEnvironment, processEnvironment, type Environment } from './config/environment.ts';
export { loadConfig, projectFolder, type LoadedConfig, type LoadOptions } from './config/load.ts';
export { isModelAddress, modelFile, modelNames, pulledModelFile, pulledModelNames } from './config/models.ts';
export { loadRecipe, parseRecipe, recipeFile, recipeNames } from './config/recipes.ts';
export { configSchema, type Config } from './config/schema.ts';
// plug-ins of other packages
export { loadPlugins, loadTruths } from './plugins/load.ts';
export { faultsOfRecipe } from './service/recipe-check.ts';
// signing: keys of the services that tell rewards, and their signatures
export { ensureKey, privateKeyFile, publicKeyFile, rewardKeysIn } from './signing/key-folder.ts';
export { requireRunKeys } from './signing/run-keys.ts';
export { isSignedBundle, publicKeyOf, publicKeyText, signBundle } from './signing/signatures.ts';
// service: the shell of every service
export type { CreateService, ServiceClient, ServiceContext, ServiceParts } from './service/types.ts';
export { serviceAddress } from './service/clients.ts';
export { connectServiceBus } from './service/connect-bus.ts';
export type { LifecycleState } from './service/lifecycle.ts';
export { exitCodes, runService } from './service/run-service.ts';
export { startService, type RunningService, type StartOptions } from './service/start-service.ts';
// system: the ports of this machine
export { systemClock } from './system/clock.ts';
export { systemIds } from './system/ids.ts';
// policy client and roles: what the role services share
export {
  carriesReward,
  createActorPolicyClient,
  createPolicyClient,
  failureOf,
  type GenerateAsk,
  type PolicyClient,
  type PolicyClientOptions,
  type PolicyRpc,
  type ScoreAsk,
} from './policy-client/index.ts';
export {
  actorOf,
  addresses,
  agents,
  anchorPurpose,
  noUseFor,
  requireAgent,
  requireAnchors,
  requireSamples,
  requireTemperature,
  rewardsOf,
  specOf,
  taskOf,
  type Earned,
  type Origin,
  type Told,
} from './roles/index.ts';
export type { Actor, ActorContext, Effects, PoolActor, StatefulActor, Tell } from './actors/actor.ts';
// nats-server: finding and starting one
export { noNats, obtainNats, type NatsSource } from './nats-server/obtain.ts';
export { cacheFolder, findNatsServer, installHint } from './nats-server/find.ts';
export { commandLine, isAlive } from './system/processes.ts';
export { probeNats, requireJetStream, type ServerInfo } from './nats-server/probe.ts';
export { startNatsServer, type NatsServer, type NatsServerOptions } from './nats-server/start.ts';
// bus: streams, mailboxes, key-value and objects, on JetStream or in memory
export type {
  Bus,
  Delivery,
  KeyValue,
  KeyValueEntry,
  Mailbox,
  MailboxOptions,
  ObjectStore,
  PublishResult,
  ReadOptions,
  StoredMessage,
} from './bus/port.ts';
export type { MailboxPosition, RunStorage, StoredBytes, StreamSize } from './bus/storage.ts';
export { createMemoryBus, type MemoryBusOptions } from './bus/memory/memory-bus.ts';
export { ContentStore, fileHolders, fileKinds, sha256Of, type FileKind } from './files/content-store.ts';
// archive: a run as one file
export { importArchive, type WriteDocument } from './archive/import.ts';
export { openArchive, type ArchiveReadOptions, type RunArchive } from './archive/read.ts';
export { archiveRun, type ArchivedDocument, type ArchiveOptions } from './archive/write.ts';
export { createNatsBus, type NatsBusOptions } from './bus/nats/nats-bus.ts';
// actors: their hosts, and the messages that they could not handle
export { startActor, type ActorHost, type ActorHostOptions, type ActorStatus } from './actors/host.ts';
export { defaultActorSettings, type ActorSettings } from './actors/settings.ts';
export type { Witness } from './actors/actor.ts';
export { toldMessages } from './actors/context.ts';
export { idReach, IdWindow } from './actors/told.ts';
export { DeadLetters, type DeadLetterRecord, type OpenedLetter } from './actors/dead-letters.ts';
export { isRetry } from './actors/retried.ts';
export { failRun, runBucket, Runs } from './runs/runs.ts';
export { requireRunId } from './runs/run-id.ts';
export { removeTraces, storedFiles, type StoredFiles } from './runs/traces.ts';
export { tellFromOutside, type OutsideEnvelope } from './runs/tell.ts';
// ledger: what makes a run's stream one
export { LedgerDamage } from './ledger/damage.ts';
export {
  HeadFile,
  headFileOf,
  readHead,
  type HeadFileOptions,
  type HeadSeal,
  type LedgerHead,
  type LedgerMark,
} from './ledger/head-file.ts';
export { markedBus, markedSequence, markFileOf, requireStored } from './ledger/marks.ts';
export { StreamChain, streamStart, type StreamPosition } from './ledger/stream-chain.ts';
