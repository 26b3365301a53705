/** One line of training text. Only the answer is learned. */
export interface Line {
  readonly prompt: string;
  /** Stop byte included, but for the verifier's label and a tool call, which have none. */
  readonly answer: string;
}
