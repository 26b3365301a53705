// For the roles that ask the policy service.
export { carriesReward, failureOf } from './failures.ts';
export { createActorPolicyClient, createPolicyClient, type PolicyClientOptions } from './policy-client.ts';
export type { GenerateAsk, PolicyClient, PolicyRpc, PolicyTarget, PromptToContinue, PromptToScore, ScoreAsk } from './port.ts';
