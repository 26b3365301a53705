import type { Task } from '@redqueen/core';

/** What somebody said. */
export interface Said {
  readonly text: string;
  /** Whether it ended and can be read; what cannot be read agrees with nothing. */
  readonly readable: boolean;
}

/** What a scoring says of a solution: 1 wrong, 2 undecided, 3 right. */
export type Score = 1 | 2 | 3;

/** How the acts of a discussion are put into words, and read. */
export interface DiscussionForm {
  readonly name: string;
  /** What the evaluator is asked about a solution. */
  evaluationPrompt(task: Task, solution: Said): string;
  /** What the scorer is asked about a solution and its evaluation, if there is one. */
  scoringPrompt(task: Task, solution: Said, evaluation: Said | undefined): string;
  /** Tokens of one act at most, stop token included. */
  maxTokens(task: Task): number;
  /** Whether an act that ended can be read. */
  isReadable(task: Task, text: string): boolean;
  /** The score that a readable scoring gives. It never guesses: a form that finds none must find the scoring unreadable. */
  score(scoring: string, solution: Said, evaluation: Said | undefined): Score;
}
