// For users of the runtime and writers of plug-ins.
export { RedQueenError, type ErrorCode } from './errors.ts';
export { exactExp, square } from './exact.ts';
export { codeOfStatus, errorCodeMetadata, statusOfCode } from './status.ts';
export type { Clock, IdSource, Random } from './ports.ts';
export { recipeSchema, type OptimizerSettings, type Recipe, type RoleSettings, type TrainedRole } from './recipe.ts';
export { interactionReward, peerTurnNumber, type PeerTurn, type PeerTurnKind } from './discussion.ts';
export { agentsOf, agentsOfRole, modelOf, modelsOf, trainedRoles, type RoleAgent } from './agents.ts';
export { derivedId, hash, rewardId, seedOf, type HashPart, type RewardKey } from './ids.ts';
export { pick, randomOf, shuffled, weightedIndex } from './random.ts';
export { areaUnderCurve, brier, deviation, mean, movingAverage, sampleDeviation, wilsonInterval, type Interval } from './statistics.ts';
export { meanInterval } from './intervals.ts';
export { mergePatch } from './merge-patch.ts';
export { parseWith } from './schema-errors.ts';
export { recipeJsonSchema } from './recipe-json-schema.ts';
export { resolveRecipe } from './resolve-recipe.ts';
export {
  decodeRunRecord,
  encodeRunRecord,
  rewardTellers,
  type RewardKeys,
  type RewardTeller,
  type RunRecord,
  type RunState,
} from './run.ts';
export type {
  AgentReport,
  Conversation,
  ConversationReward,
  ConversationTurn,
  CostReport,
  CurvePoint,
  DeadLetterReport,
  DeviceReportSection,
  CrossPlayCell,
  CrossPlayReport,
  FrontierCell,
  HeldOutLook,
  HeldOutRow,
  IdleRatios,
  LineageMark,
  Measured,
  MeasuredArm,
  MeasuredFigure,
  MonitorReport,
  ProcessCost,
  RewardReport,
  RunReport,
  SettlementReport,
  TrainedStaleness,
} from './report.ts';
export { clusterShares, repetitionOptions } from './repetition.ts';
export { registryOf, type Registry } from './registry.ts';
export { declaredKnobs, knobFor, type DeclaredKnob } from './knobs.ts';
export * from './plugins/index.ts';
export { contextManagers, scopeOf } from './contexts/index.ts';
export { memoryStores } from './memories/index.ts';
export { figureChange, figureKind, figureText, type FigureKind } from './figures.ts';
