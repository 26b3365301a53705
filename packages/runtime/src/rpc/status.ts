import { Metadata, type ServiceError, status as grpcStatus, type StatusObject } from '@grpc/grpc-js';
import { codeOfStatus, errorCodeMetadata, RedQueenError, statusOfCode, type ErrorCode } from '@redqueen/core';

/** Any thrown value as the status that a remote caller gets: message, status number and, in the metadata, the error code. */
export function statusOf(reason: unknown): StatusObject {
  const error = RedQueenError.from(reason);
  const metadata = new Metadata();
  metadata.set(errorCodeMetadata, error.code);
  return { code: statusOfCode[error.code], details: error.message, metadata };
}

/**
 * A failed call as a RedQueenError whose message begins with the method.
 * A server that sends no error code of ours is read by its status number.
 */
export function errorOf(method: string, error: ServiceError): RedQueenError {
  const [sent] = error.metadata?.get(errorCodeMetadata) ?? [];
  const code = typeof sent === 'string' && sent in statusOfCode ? (sent as ErrorCode) : codeOfStatus(error.code ?? grpcStatus.UNKNOWN);
  return new RedQueenError(code, `${method}: ${error.details || error.message}`, { cause: error });
}
