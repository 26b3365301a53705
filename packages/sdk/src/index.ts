// The client SDK of Red Queen: `connect('127.0.0.1:7108')`.
export {
  connect,
  type AskOptions,
  type ChatMessage,
  type KnobChoice,
  type Progress,
  type RedQueen,
  type Runs,
  type RunStorageInfo,
  type StartOptions,
  type TaskOptions,
  type VersionChoice,
} from './client.ts';
export type { CallOptions } from './call.ts';
export type { GetDeadLetterResponse as DeadLetterMessage, KnobState } from '@redqueen/contract';
export { isOver, type RunInfo } from './run.ts';
export { RedQueenError, type ErrorCode, type Recipe, type RunReport, type RunState } from '@redqueen/core';
