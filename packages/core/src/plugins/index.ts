// The twelve interfaces, and how a plug-in is defined, found and checked.
export { admitEnvironments, admittedEnvironment, admittedEnvironments } from './admitted.ts';
export { faultsOfChoices, pluginChoices, type RecipeChoice } from './choices.ts';
export type { Context, ContextManager, ContextTools, Situation } from './context-manager.ts';
export type { Credit, CreditAssigner, CreditGroup, CreditSample, CreditStage, CreditTags } from './credit-assigner.ts';
export type { ArmKey, Curriculum, CurriculumTools, Outcome } from './curriculum.ts';
export type {
  Check,
  Environment,
  Family,
  LearnedEnvironment,
  PredictionPlan,
  Split,
  StepResult,
  Task,
  Truth,
} from './environment.ts';
export { describePlugin, pluginNamed, type PluginDescription } from './describe.ts';
export { faultsOfPlugin } from './faults.ts';
export { pluginKinds, type PluginKind, type PluginTypes } from './kinds.ts';
export type { Admission, Flips, Lineage, TriedVersion, Verdict } from './lineage.ts';
export type { Experience, MemoryQuery, MemoryStore, MemoryTools, Recalled } from './memory-store.ts';
export type { KnobTurn, Monitor, MonitorTools, Reading } from './monitor.ts';
export { definePlugin, type AnyPlugin, type NoTools, type Plugin, type PluginDefinition, type PluginOf } from './plugin.ts';
export type { GenerateAsk, PolicyClient, PolicyTarget, PromptToContinue, PromptToScore, ScoreAsk } from './policy-client.ts';
export type { PolicyOptimizer } from './policy-optimizer.ts';
export { pluginRegistry, type PluginChoice, type PluginRegistry } from './registry.ts';
export type { AnswerForm, AttemptTurn, EpisodeFacts, EpisodeKind, Evidence, JudgedTurn, RewardTerm, Turn } from './reward-term.ts';
export type { AttemptPlan, CodeRunner, Discussed, DiscussionPlan, DriverTools, RolloutDriver } from './rollout-driver.ts';
export type { Draft, Rejection, SlotRequest, TaskSource, TaskSourceTools } from './task-source.ts';
export type { Answered, Opinion, Verifier, VerifierTools } from './verifier.ts';
export { grantTruth, isExternallyRewarded, type ExternallyRewarded, type TruthAccess } from './truth-access.ts';
