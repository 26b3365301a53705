import type { PeerAct, SampleGroup } from '@redqueen/contract';
import type { ContextManager } from './context-manager.ts';
import type { Task } from './environment.ts';
import type { PolicyClient } from './policy-client.ts';

/** Attempts to make. */
export interface AttemptPlan {
  readonly run: string;
  /** Whose policy acts; executor/0 where it is left out. */
  readonly agent?: string;
  readonly task: Task;
  /** How many; 1 to 64. */
  readonly attempts: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly seed: number;
  /** A version that is still served; left out for the released one. */
  readonly version?: number;
}

/** Where code that a policy wrote is run. Equal programs have equal outcomes; nothing that a program does is thrown. */
export interface CodeRunner {
  /** The value of the last expression as text; not ok where there is none. Throws `unavailable` where nothing can be run. */
  run(code: string): Promise<{ readonly ok: true; readonly value: string } | { readonly ok: false }>;
}

/** What a rollout driver is created with. */
export interface DriverTools {
  /** Absent where no code is run, e.g. while a recipe is only checked. */
  readonly code?: CodeRunner;
  /** What the acting role sees of a task. */
  readonly context: ContextManager;
}

/** Attempts to talk about. */
export interface DiscussionPlan extends AttemptPlan {
  /** The attempts as made. */
  readonly group: SampleGroup;
  /** The agents that may speak, the one that made the attempts among them. */
  readonly peers: readonly string[];
}

/** What came of a discussion. */
export interface Discussed {
  /** The attempts; those of which something could not be said are void. */
  readonly group: SampleGroup;
  /** What was said of the others. */
  readonly acts: readonly PeerAct[];
}

/** Who acts when, and what an attempt looks like. */
export interface RolloutDriver {
  readonly name: string;
  /** Whether its samples' tokens answer the group's prompt, so that they can be trained on. */
  readonly trainable: boolean;
  /** One sample an attempt, each with its failure class; the text is the answer. Throws like PolicyClient.generate. */
  attempt(plan: AttemptPlan, policy: PolicyClient, signal?: AbortSignal): Promise<SampleGroup>;
  /** What peers say of attempts; absent where they are not talked about. Throws like PolicyClient.generate. */
  discuss?(plan: DiscussionPlan, policy: PolicyClient, signal?: AbortSignal): Promise<Discussed>;
}
