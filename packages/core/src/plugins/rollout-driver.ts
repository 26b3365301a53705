import type { SampleGroup } from '@redqueen/contract';
import type { ContextManager } from './context-manager.ts';
import type { Task } from './environment.ts';
import type { PolicyClient } from './policy-client.ts';

/** Attempts to make. */
export interface AttemptPlan {
  readonly run: string;
  readonly task: Task;
  /** How many; 1 to 64. */
  readonly attempts: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly seed: number;
  /** A version that is still served; left out for the released one. */
  readonly version?: number;
}

/** What a rollout driver is created with. */
export interface DriverTools {
  /** What the acting role sees of a task. */
  readonly context: ContextManager;
}

/** Who acts when, and what an attempt looks like. */
export interface RolloutDriver {
  readonly name: string;
  /** Whether its samples' tokens answer the group's prompt, so that they can be trained on. */
  readonly trainable: boolean;
  /** One sample an attempt, each with its failure class; the text is the answer. Throws like PolicyClient.generate. */
  attempt(plan: AttemptPlan, policy: PolicyClient, signal?: AbortSignal): Promise<SampleGroup>;
}
