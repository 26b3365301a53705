import type { Message } from '@redqueen/contract';
import type { Recipe } from '../recipe.ts';

/** A figure that a monitor shows. */
export interface Reading {
  /** E.g. "balance.executor"; letters, digits, dots and hyphens. */
  readonly name: string;
  readonly value: number;
}

/** A declared knob and the value that it is to have. */
export interface KnobTurn {
  /** E.g. "temperature.executor". */
  readonly name: string;
  readonly value: number;
  /** Why, with the numbers, for a person to read. */
  readonly reason: string;
}

/** What a monitor is created with. */
export interface MonitorTools {
  readonly seed: number;
  /** The run's recipe: what the knobs' values are before anybody turned them. */
  readonly recipe: Recipe;
}

/** What is measured; may turn a declared knob. A pure fold over the run's stream: the same messages always give the same state. */
export interface Monitor<State = unknown> {
  readonly name: string;
  initial(): State;
  /** The state after a message; messages that it does not care about change nothing. */
  observe(state: State, message: Message): State;
  /** What it shows now. */
  read(state: State): readonly Reading[];
  /** The values that it wants knobs to have, asked for after the first message and after every change of its state: one that it asked for before is not turned again. Left out by a monitor that only looks. */
  turn?(state: State): readonly KnobTurn[];
}
