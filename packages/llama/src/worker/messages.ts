import { type ErrorCode, RedQueenError } from '@redqueen/core';
import type { PolicyDevice } from './protocol.ts';

/** A call from parent to child. */
export interface CallMessage {
  readonly call: number;
  readonly method: keyof PolicyDevice;
  readonly parameters: readonly unknown[];
}

/** Tells the child that nobody waits for the answer of a call any more. */
export interface CancelMessage {
  readonly cancel: number;
}

/** The parent asks whether the child's event loop still turns; the child sends the same back. */
export interface BeatMessage {
  readonly beat: true;
}

/** The child's answer to a call. */
export type AnswerMessage =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: { readonly code: ErrorCode; readonly message: string } };

/** An error as it travels between the processes. */
export function errorMessage(reason: unknown): { readonly code: ErrorCode; readonly message: string } {
  const { code, message } = RedQueenError.from(reason);
  return { code, message };
}
