import { RedQueenError, type ErrorCode } from '@redqueen/sdk';

/** How the command line ends (docs/reference/cli.md). */
export const exitCodes = {
  /** Done. */
  done: 0,
  /** A run or a command failed; a claim fails. */
  failed: 1,
  /** Bad input: an unknown recipe, key, run or option, a port in use. */
  badInput: 2,
  /** The claim's arms ran, but the effect was not shown. */
  notShown: 3,
  /** Nobody answers: no cluster, or a deadline passed. */
  unavailable: 4,
  /** Interrupted by Ctrl-C; the run is stopped and can be resumed. */
  interrupted: 130,
} as const;

const byCode: Partial<Record<ErrorCode, number>> = {
  invalid_argument: exitCodes.badInput,
  not_found: exitCodes.badInput,
  already_exists: exitCodes.badInput,
  failed_precondition: exitCodes.badInput,
  unavailable: exitCodes.unavailable,
  deadline_exceeded: exitCodes.unavailable,
  cancelled: exitCodes.interrupted,
};

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  return byCode[RedQueenError.from(error).code] ?? exitCodes.failed;
}
