import { RedQueenError, type ArmKey, type Curriculum } from '@redqueen/core';
import { agents } from '@redqueen/runtime';
import type { ExecutorProgress } from './executors.ts';

/** What is known of an arm, whatever the curriculum. */
export interface ArmStatistics {
  /** Episodes settled. */
  readonly episodes: number;
  /** Moving average of the training solve rate; 0 before the first episode. */
  readonly solveRate: number;
}

/** The curriculum's state: a fold over its mailbox. Plain JSON. */
export interface CurriculumState {
  /** The run was started and not stopped since. */
  readonly started: boolean;
  /** What was heard of each executor. */
  readonly executors: Readonly<Record<string, ExecutorProgress>>;
  /** Every executor's version 0 is released, so slots can be worked on. */
  readonly ready: boolean;
  /** Every executor made its last update. */
  readonly finished: boolean;
  /** Versions that were decided on of the executor that has the fewest, refused ones included. */
  readonly version: number;
  /** Slots opened in the run's life. */
  readonly slots: number;
  /** Episodes opened, settled and void. */
  readonly opened: number;
  readonly accepted: number;
  readonly voided: number;
  /** Rejected proposals by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** One an arm. */
  readonly arms: readonly ArmStatistics[];
  /** Declared knobs of the curriculum that were turned, by name. */
  readonly knobs: Readonly<Record<string, number>>;
  /** The curriculum's own memory. */
  readonly memory: unknown;
}

/** The state before the first message. */
export function initialState(arms: readonly ArmKey[], curriculum: Curriculum): CurriculumState {
  return {
    started: false,
    executors: {},
    ready: false,
    finished: false,
    version: 0,
    slots: 0,
    opened: 0,
    accepted: 0,
    voided: 0,
    rejected: {},
    arms: arms.map(() => ({ episodes: 0, solveRate: 0 })),
    knobs: {},
    memory: curriculum.initial(),
  };
}

/** The state as bytes (JSON). */
export function encodeState(state: CurriculumState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state));
}

/** Reads `encodeState`'s bytes. Throws `data_loss` where they are none for that many arms. */
export function decodeState(bytes: Uint8Array, arms: number): CurriculumState {
  const stored = JSON.parse(new TextDecoder().decode(bytes)) as Partial<CurriculumState>;
  const { ready = false, version = 0, finished = false } = stored;
  // A state of before executors could be several knows the one.
  const executors = ready ? { [agents.executor]: { version, finished } } : {};
  const state = { knobs: {}, executors, ...stored } as CurriculumState;
  if (state.arms?.length !== arms) {
    throw new RedQueenError(
      'data_loss',
      `curriculum state: it knows ${state.arms?.length} arms, the recipe has ${arms}; it belongs to another recipe`,
    );
  }
  return state;
}
