// What plug-ins of each kind keep, for their tests: `for (const { promise, check } of rewardTermConformance(plugin)) test(promise, check)`.
// Environments have theirs in "@redqueen/environments/conformance", since it needs the truth side.
export { contextManagerConformance, type ContextCases } from './context-manager.ts';
export { creditAssignerConformance, type CreditCases } from './credit-assigner.ts';
export { curriculumConformance } from './curriculum.ts';
export { lineageConformance } from './lineage.ts';
export { memoryStoreConformance } from './memory-store.ts';
export { monitorConformance, type MonitorCases } from './monitor.ts';
export { pluginConformance } from './plugin.ts';
export { policyOptimizerConformance } from './policy-optimizer.ts';
export type { Conformance } from './promise.ts';
export { rewardTermConformance } from './reward-term.ts';
export { rolloutDriverConformance, type DriverCases } from './rollout-driver.ts';
export { runConformance } from './run.ts';
export { taskSourceConformance, type SourceCases } from './task-source.ts';
export { verifierConformance, type VerifierCases } from './verifier.ts';
