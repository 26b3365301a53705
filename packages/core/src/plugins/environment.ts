import type { SampleGroup } from '@redqueen/contract';
import type { Random } from '../ports.ts';

/** Which use a task is reserved for, by the hash of its canonical form. The sets are disjoint. */
export type Split = 'train' | 'gate' | 'report' | 'develop';

/** Something to attempt. Two tasks are the same when environment and canonical form are the same. */
export interface Task {
  readonly environment: string;
  readonly family: string;
  /** From 1. */
  readonly level: number;
  readonly canonical: string;
}

/** One family of an environment and the sizes that its texts never exceed. */
export interface Family {
  readonly name: string;
  readonly levels: readonly number[];
  /** The letter or sign that names the family in a proposer's prompt. */
  readonly symbol: string;
  /** Longest canonical form in bytes. */
  readonly maxCanonical: number;
  /** Longest answer in bytes, stop byte included. */
  readonly maxAnswer: number;
}

/** What one action did. */
export interface StepResult<State> {
  readonly state: State;
  /** What happened, in the form that a world model predicts. */
  readonly outcome: string;
  readonly done: boolean;
}

/**
 * The step side of an environment: everything that a role may know. It holds no answer.
 * The truth side (checker and oracle) is a separate entry point that only the verifier service may import.
 */
export interface Environment<State = unknown> {
  readonly name: string;
  readonly families: readonly Family[];
  /** A random task of that family and level; of any split. */
  generate(family: string, level: number, random: Random): Task;
  /** Reads a canonical form; undefined when the text is no valid, solvable task of this environment. */
  parse(text: string): Task | undefined;
  /** What the executor is asked. */
  prompt(task: Task): string;
  /** The use that the task is reserved for. */
  splitOf(task: Task): Split;
  /** The state in which an attempt begins. */
  reset(task: Task): State;
  /** Actions that may be tried in a state; empty where an answer is one single action. */
  actions(state: State): readonly string[];
  /** Executes one action. Pure: the state given is not changed. */
  step(state: State, action: string): StepResult<State>;
  /** The state as text, and back. `restore(snapshot(s))` equals s. */
  snapshot(state: State): string;
  restore(text: string): State;
  /** An answer as the actions that it consists of; undefined when it cannot be read. */
  actionsOf(task: Task, answer: string): readonly string[] | undefined;
  /**
   * What is still to be done in a state, as a task of its own; undefined once it is done. Only environments that can be answered step by step have it.
   * It may not be solvable any more, and it is for looking ahead only: it can fall into any split.
   */
  remaining?(state: State): Task | undefined;
}

/** What the truth side says of an answer. */
export interface Check {
  readonly correct: boolean;
  /** The first wrong action, or -1. */
  readonly firstBadStep: number;
}

/** The truth side of an environment. */
export interface Truth {
  readonly name: string;
  /** Whether an answer is right. Never throws: an unreadable answer is wrong. */
  check(task: Task, answer: string): Check;
  /** A right answer. */
  oracle(task: Task): string;
}

/** Steps to predict, and how. */
export interface PredictionPlan {
  readonly run: string;
  /** States as `snapshot` gives them, and the action taken in each. */
  readonly steps: readonly { readonly state: string; readonly action: string }[];
  /** Samples a step; 1 to 64. */
  readonly samples: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly seed: number;
  /** Tokens of one prediction at most, stop token included. */
  readonly maxTokens: number;
  /** A version that is still served; left out for the released one. */
  readonly version?: number;
}

/** A world model: says what an action would do without executing it. Its outcomes have the form of `StepResult.outcome`, so that they can be compared. */
export interface LearnedEnvironment {
  readonly name: string;
  /** The agent whose policy it is. */
  readonly agent: string;
  /** One group a step, in order, of as many samples as were asked for. Throws like PolicyClient.generate. */
  predict(plan: PredictionPlan, signal?: AbortSignal): Promise<readonly SampleGroup[]>;
}
