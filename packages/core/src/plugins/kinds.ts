import type { ContextManager, ContextTools } from './context-manager.ts';
import type { CreditAssigner } from './credit-assigner.ts';
import type { Curriculum, CurriculumTools } from './curriculum.ts';
import type { Environment } from './environment.ts';
import type { Lineage } from './lineage.ts';
import type { MemoryStore, MemoryTools } from './memory-store.ts';
import type { Monitor, MonitorTools } from './monitor.ts';
import type { NoTools } from './plugin.ts';
import type { PolicyOptimizer } from './policy-optimizer.ts';
import type { RewardTerm } from './reward-term.ts';
import type { DriverTools, RolloutDriver } from './rollout-driver.ts';
import type { TaskSource, TaskSourceTools } from './task-source.ts';
import type { Verifier, VerifierTools } from './verifier.ts';

/** What a plug-in of each kind makes, and what it is given. */
export interface PluginTypes {
  readonly environment: { readonly made: Environment; readonly tools: NoTools };
  readonly 'task-source': { readonly made: TaskSource; readonly tools: TaskSourceTools };
  readonly curriculum: { readonly made: Curriculum; readonly tools: CurriculumTools };
  readonly 'rollout-driver': { readonly made: RolloutDriver; readonly tools: DriverTools };
  readonly 'context-manager': { readonly made: ContextManager; readonly tools: ContextTools };
  readonly 'memory-store': { readonly made: MemoryStore; readonly tools: MemoryTools };
  readonly verifier: { readonly made: Verifier; readonly tools: VerifierTools };
  readonly 'reward-term': { readonly made: RewardTerm; readonly tools: NoTools };
  readonly 'credit-assigner': { readonly made: CreditAssigner; readonly tools: NoTools };
  readonly 'policy-optimizer': { readonly made: PolicyOptimizer; readonly tools: NoTools };
  readonly lineage: { readonly made: Lineage; readonly tools: NoTools };
  readonly monitor: { readonly made: Monitor; readonly tools: MonitorTools };
}

/** The twelve interfaces by name. */
export type PluginKind = keyof PluginTypes;

/** What each interface answers; its keys are all kinds. */
export const pluginKinds: Readonly<Record<PluginKind, string>> = {
  environment: 'what happens next',
  'task-source': 'what could be attempted',
  curriculum: 'what is attempted next, from where',
  'rollout-driver': 'who acts when; the shape of a trajectory',
  'context-manager': 'what a role sees, and what training sees',
  'memory-store': 'what persists across tasks',
  verifier: 'how good, how sure, why',
  'reward-term': 'verdicts and facts → numbers per agent',
  'credit-assigner': 'numbers → token advantages and masks',
  'policy-optimizer': 'evidence → a candidate version',
  lineage: 'which version lives',
  monitor: 'what is measured; may turn a declared knob',
};
