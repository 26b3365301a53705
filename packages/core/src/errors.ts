/** The error codes of Red Queen; each maps to one gRPC status. */
export type ErrorCode =
  | 'invalid_argument'
  | 'not_found'
  | 'already_exists'
  | 'failed_precondition'
  | 'resource_exhausted'
  | 'unavailable'
  | 'deadline_exceeded'
  | 'aborted'
  | 'cancelled'
  | 'data_loss'
  | 'internal';

const retryableCodes: ReadonlySet<ErrorCode> = new Set(['resource_exhausted', 'unavailable', 'deadline_exceeded', 'aborted']);

/** Details of an error beyond its message. */
export interface ErrorOptions {
  /** The underlying error. */
  readonly cause?: unknown;
  /** Facts for the log, never shown to a remote caller. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of Red Queen. The message is for a person: it names the field and the fix.
 * Whether a retry can help is a property of the code, never a decision of the caller.
 */
export class RedQueenError extends Error {
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RedQueenError';
    this.code = code;
    this.context = options.context ?? {};
  }

  /** True where the same call may succeed later. */
  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }

  /** Any thrown value as a RedQueenError; one that is not ours becomes `internal`. */
  static from(reason: unknown): RedQueenError {
    if (reason instanceof RedQueenError) return reason;
    const message = reason instanceof Error ? reason.message : String(reason);
    return new RedQueenError('internal', message, { cause: reason });
  }
}
