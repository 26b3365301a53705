import type { Task } from '@redqueen/core';

// The text formats that the starter model was trained on. Every text ends where the model's answer begins.

/** The byte that ends an answer. The verifier's one-letter label ends without it. */
export const stopText = '\n';

/** What the verifier answers. */
export const verifierLabels = { right: 'y', wrong: 'n' } as const;

/** What the executor is asked, e.g. "37+45=". */
export function executorPrompt(task: Task): string {
  return `${task.canonical}=`;
}

/**
 * How an executor with a calculator writes: "37+45=" is continued with "{37+45}", the calculator adds ">82;", and the executor goes on with another call or the answer.
 * None of these signs occurs in an answer.
 */
export const calculatorText = {
  open: '{',
  /** Ends a call; the executor's turn ends with it. */
  close: '}',
  /** What comes back from a call that has no value. */
  failed: '?',
  /** Bytes that a call adds to the expression in it. */
  overhead: 2,
  call: (code: string): string => `{${code}}`,
  result: (value: string): string => `>${value};`,
} as const;

/** What the proposer is asked, e.g. "p+2=". `symbol` is the family's. The answer is a canonical form. */
export function proposerText(symbol: string, level: number): string {
  return `p${symbol}${level}=`;
}

/** What the verifier is asked about an answer (without its stop byte), e.g. "v37+45=82?". The answer is one of `verifierLabels`. */
export function verifierPrompt(task: Task, answer: string): string {
  return `v${task.canonical}=${answer}?`;
}

/** What the world model is asked, e.g. "w..A#...G.0d=". `state` is a snapshot. The answer is a step's outcome. */
export function worldModelPrompt(state: string, action: string): string {
  return `w${state}${action}=`;
}

/** The fields of a predicted outcome. */
export interface Prediction {
  /** Where the agent is afterwards: the cell's number, row by row from 0. */
  readonly cell: string;
  /** "1" where it then holds the key. */
  readonly inventory: string;
  /** What was met: "." free, "#" stopped, "K" key, "D" door, "G" goal. */
  readonly event: string;
}

/** Reads a predicted outcome such as "50."; undefined where it is too short to have the three fields. */
export function readPrediction(text: string): Prediction | undefined {
  if (text.length < 3) return undefined;
  return { cell: text.slice(0, -2), inventory: text.slice(-2, -1), event: text.slice(-1) };
}

/** The share of fields that a prediction gets right, in [0, 1]; 0 where it has not the length of the outcome. */
export function fieldAccuracy(predicted: string, outcome: string): number {
  const left = readPrediction(predicted);
  const right = readPrediction(outcome);
  if (left === undefined || right === undefined || predicted.length !== outcome.length) return 0;
  const matches = [left.cell === right.cell, left.inventory === right.inventory, left.event === right.event];
  return matches.filter(Boolean).length / matches.length;
}
