import type { handleServerStreamingCall, ServiceDefinition } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import {
  packageDefinition,
  type CurriculumServiceDefinition,
  type CurriculumServiceHandlers,
  type ExecutorServiceDefinition,
  type ExecutorServiceHandlers,
  type GatewayServiceDefinition,
  type GatewayServiceHandlers,
  type PluginServiceDefinition,
  type PluginServiceHandlers,
  type PolicyServiceDefinition,
  type PolicyServiceHandlers,
  type ProposerServiceDefinition,
  type ProposerServiceHandlers,
  type RewardAggregatorServiceDefinition,
  type RewardAggregatorServiceHandlers,
  type VerifierServiceDefinition,
  type VerifierServiceHandlers,
  type WorldModelServiceDefinition,
  type WorldModelServiceHandlers,
} from '@redqueen/contract';

/** What the generated code says of each gRPC service of the contract. */
export interface Contract {
  readonly ProposerService: { definition: ProposerServiceDefinition; handlers: ProposerServiceHandlers };
  readonly ExecutorService: { definition: ExecutorServiceDefinition; handlers: ExecutorServiceHandlers };
  readonly VerifierService: { definition: VerifierServiceDefinition; handlers: VerifierServiceHandlers };
  readonly CurriculumService: { definition: CurriculumServiceDefinition; handlers: CurriculumServiceHandlers };
  readonly WorldModelService: { definition: WorldModelServiceDefinition; handlers: WorldModelServiceHandlers };
  readonly RewardAggregatorService: { definition: RewardAggregatorServiceDefinition; handlers: RewardAggregatorServiceHandlers };
  readonly PolicyService: { definition: PolicyServiceDefinition; handlers: PolicyServiceHandlers };
  /** Offered by every process besides its own service. */
  readonly PluginService: { definition: PluginServiceDefinition; handlers: PluginServiceHandlers };
  readonly GatewayService: { definition: GatewayServiceDefinition; handlers: GatewayServiceHandlers };
}

/** Name of a gRPC service in the contract, e.g. PolicyService. */
export type RpcService = keyof Contract;

/** The gRPC service that each process of a cluster offers. */
export const rpcServiceOf = {
  policy: 'PolicyService',
  proposer: 'ProposerService',
  executor: 'ExecutorService',
  verifier: 'VerifierService',
  'world-model': 'WorldModelService',
  curriculum: 'CurriculumService',
  'reward-aggregator': 'RewardAggregatorService',
  gateway: 'GatewayService',
} as const satisfies Record<string, RpcService>;

/** Name of a service process, e.g. world-model. */
export type ServiceName = keyof typeof rpcServiceOf;
/** The eight services. */
export const serviceNames = Object.keys(rpcServiceOf) as readonly ServiceName[];

/** The methods of a gRPC service, e.g. Generate. */
export type Method<S extends RpcService> = keyof {
  [M in keyof Contract[S]['handlers'] as string extends M ? never : number extends M ? never : M]: true;
} &
  string;

type Types<S extends RpcService, M extends Method<S>> =
  Contract[S]['definition'][M] extends MethodDefinition<infer RequestInput, infer ResponseInput, infer Request, infer Response>
    ? { requestInput: RequestInput; responseInput: ResponseInput; request: Request; response: Response }
    : never;

/** What a caller may write: fields may be left out. */
export type RequestInput<S extends RpcService, M extends Method<S>> = Types<S, M>['requestInput'];
/** What a handler may answer: fields may be left out. */
export type ResponseInput<S extends RpcService, M extends Method<S>> = Types<S, M>['responseInput'];
/** What a handler gets: every field present. */
export type Request<S extends RpcService, M extends Method<S>> = Types<S, M>['request'];
/** What a caller gets: every field present. */
export type Response<S extends RpcService, M extends Method<S>> = Types<S, M>['response'];

/** True for a method that answers with a stream. */
export type IsStream<S extends RpcService, M extends Method<S>> = M extends keyof Contract[S]['handlers']
  ? Contract[S]['handlers'][M] extends handleServerStreamingCall<infer _Request, infer _Response>
    ? Parameters<Contract[S]['handlers'][M]>['length'] extends 1
      ? true
      : false
    : false
  : false;

/** Name of a gRPC service with its package, as health checks and service configs want it. */
export function fullName(service: RpcService): string {
  return `redqueen.v1.${service}`;
}

/** The wire definition of a gRPC service. */
export function serviceDefinition(service: RpcService): ServiceDefinition {
  return packageDefinition()[fullName(service)] as unknown as ServiceDefinition;
}
