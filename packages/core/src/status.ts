import type { ErrorCode } from './errors.ts';

/** gRPC status number of each error code (https://grpc.io/docs/guides/status-codes). */
export const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  cancelled: 1,
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  already_exists: 6,
  resource_exhausted: 8,
  failed_precondition: 9,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  data_loss: 15,
};

const codes = new Map(Object.entries(statusOfCode).map(([code, status]) => [status, code as ErrorCode]));
/** Statuses that no part of Red Queen sends, but proxies and other servers do: permission denied, out of range, unimplemented, unauthenticated. */
const foreign = new Map<number, ErrorCode>([
  [7, 'failed_precondition'],
  [11, 'invalid_argument'],
  [12, 'failed_precondition'],
  [16, 'failed_precondition'],
]);

/** The error code of a gRPC status number; `internal` for one that says nothing. */
export function codeOfStatus(status: number): ErrorCode {
  return codes.get(status) ?? foreign.get(status) ?? 'internal';
}

/** Name of the metadata entry in which a server sends the error code itself. */
export const errorCodeMetadata = 'redqueen-error-code';
