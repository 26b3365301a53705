// Typed clients and handlers of the contract's services.
export type {
  CurriculumServiceClient,
  CurriculumServiceDefinition,
  CurriculumServiceHandlers,
} from '../gen/redqueen/v1/CurriculumService.ts';
export type { ExecutorServiceClient, ExecutorServiceDefinition, ExecutorServiceHandlers } from '../gen/redqueen/v1/ExecutorService.ts';
export type { GatewayServiceClient, GatewayServiceDefinition, GatewayServiceHandlers } from '../gen/redqueen/v1/GatewayService.ts';
export type { PluginServiceClient, PluginServiceDefinition, PluginServiceHandlers } from '../gen/redqueen/v1/PluginService.ts';
export type { PolicyServiceClient, PolicyServiceDefinition, PolicyServiceHandlers } from '../gen/redqueen/v1/PolicyService.ts';
export type { ProposerServiceClient, ProposerServiceDefinition, ProposerServiceHandlers } from '../gen/redqueen/v1/ProposerService.ts';
export type {
  RewardAggregatorServiceClient,
  RewardAggregatorServiceDefinition,
  RewardAggregatorServiceHandlers,
} from '../gen/redqueen/v1/RewardAggregatorService.ts';
export type { VerifierServiceClient, VerifierServiceDefinition, VerifierServiceHandlers } from '../gen/redqueen/v1/VerifierService.ts';
export type {
  WorldModelServiceClient,
  WorldModelServiceDefinition,
  WorldModelServiceHandlers,
} from '../gen/redqueen/v1/WorldModelService.ts';
