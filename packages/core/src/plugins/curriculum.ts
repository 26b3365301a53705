/** One (environment, family, level): what a slot can be opened for. */
export interface ArmKey {
  readonly environment: string;
  readonly family: string;
  /** From 1. */
  readonly level: number;
}

/** How one episode's attempts went. */
export interface Outcome {
  /** Attempts that carried reward; at least 1. */
  readonly attempts: number;
  readonly solved: number;
}

/**
 * What is attempted next. A curriculum is a pure fold: its memory is plain JSON, and the same memory always gives the same probabilities.
 * Arms are known by their index in the list that the curriculum was created with.
 */
export interface Curriculum<Memory = unknown> {
  initial(): Memory;
  /** An episode of the arm was settled. */
  settled(memory: Memory, arm: number, outcome: Outcome): Memory;
  /** A version of the executor was released; gate accuracy in [0, 1] by arm, undefined where an arm has no gate anchors. */
  released(memory: Memory, accuracies: readonly (number | undefined)[]): Memory;
  /** Probability of each arm for the next slot; they sum to 1. */
  probabilities(memory: Memory): readonly number[];
  /** The measured progress that each arm's probability was derived from; 0 where the curriculum does not measure any. */
  progress(memory: Memory): readonly number[];
  /** A declared knob got a new value. Undefined where the curriculum has no such knob or the value is out of its range. */
  turned(memory: Memory, knob: string, value: number): Memory | undefined;
}

/** What a curriculum is created with. */
export interface CurriculumTools {
  /** Every (environment, family, level) that takes part; at least one. */
  readonly arms: readonly ArmKey[];
}
