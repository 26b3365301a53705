import { RedQueenError, type StepResult, type Task } from '@redqueen/core';
import { executorPrompt } from './prompts.ts';

/** The state of an environment whose whole answer is one action. */
export interface SingleAnswerState {
  /** The task's canonical form; it holds no "=". */
  readonly canonical: string;
  /** What was answered; undefined before. */
  readonly answer: string | undefined;
}

function step(state: SingleAnswerState, action: string): StepResult<SingleAnswerState> {
  if (state.answer !== undefined) throw new RedQueenError('failed_precondition', `${state.canonical} was answered already; reset it first`);
  // Whether the answer is right is for the truth side to say.
  return { state: { canonical: state.canonical, answer: action }, outcome: '', done: true };
}

function snapshot(state: SingleAnswerState): string {
  return state.answer === undefined ? state.canonical : `${state.canonical}=${state.answer}`;
}

function restore(text: string): SingleAnswerState {
  const end = text.indexOf('=');
  return end < 0 ? { canonical: text, answer: undefined } : { canonical: text.slice(0, end), answer: text.slice(end + 1) };
}

/** What all environments share whose answer is one single action: the prompt and the step functions. Snapshot: the canonical form, then "=" and the answer once there is one. */
export const singleAnswer = {
  prompt: executorPrompt,
  reset: (task: Task): SingleAnswerState => ({ canonical: task.canonical, answer: undefined }),
  actions: (): readonly string[] => [],
  step,
  snapshot,
  restore,
};
