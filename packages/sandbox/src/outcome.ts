/** Why a call has no value. */
export type Fault =
  /** The text is no program. */
  | 'syntax'
  /** The program threw. */
  | 'error'
  /** It ran longer than it may; counted in steps of the interpreter, so that a slow machine changes nothing. */
  | 'time'
  | 'memory'
  | 'stack'
  /** The program or its value is too long. */
  | 'size'
  /** Its last expression is no number, text or boolean. */
  | 'value'
  /** The process that ran it died under it, twice. */
  | 'killed';

/** What came of one call. */
export type Outcome =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly fault: Fault; readonly message: string };

/** What one call may use. */
export interface Limits {
  /** Characters of the program. */
  readonly codeCharacters: number;
  /** Characters of the value. */
  readonly valueCharacters: number;
  readonly memoryBytes: number;
  readonly stackBytes: number;
  /** Times that the interpreter looks whether it should go on; it does so about every ten thousand steps. */
  readonly checks: number;
}

/** Room for a calculation of some milliseconds, not for more. */
export const defaultLimits: Limits = {
  codeCharacters: 2000,
  valueCharacters: 200,
  memoryBytes: 2 ** 20,
  stackBytes: 2 ** 17,
  checks: 100,
};
