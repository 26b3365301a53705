import type { Message } from '@redqueen/contract';
import type { CrossPlayCell, CrossPlayReport } from '@redqueen/core';
import { measured } from './figures.ts';

/** One proposer version whose tasks were asked for. */
export interface CrossPlayRequest {
  readonly proposer: number;
  /** Executor versions that attempt its tasks. */
  readonly opponents: readonly number[];
  readonly askedAt: number;
}

/** Executor versions against proposer versions, as far as they were asked and answered. */
export interface CrossPlay {
  /** By anchor id. */
  requests: Map<string, CrossPlayRequest>;
  /** By anchor id of the request and executor version, in the order of the answers. */
  cells: Map<string, CrossPlayCell>;
}

/** Nothing asked yet. */
export function emptyCrossPlay(): CrossPlay {
  return { requests: new Map(), cells: new Map() };
}

/** The id of the question to one proposer version; that of an executor version's turn is <id>:<version>. */
export function crossPlayId(run: string, proposer: number): string {
  return `${run}:cross-play:${proposer}`;
}

/** Folds one message in. */
export function foldCrossPlay(state: CrossPlay, message: Message, at: number): void {
  if (message.kind === 'anchorTask' && message.body.purpose === 'ANCHOR_PURPOSE_CROSS_PLAY' && message.body.opponents.length > 0) {
    const { anchorId, version: proposer, opponents } = message.body;
    if (!state.requests.has(anchorId)) state.requests.set(anchorId, { proposer, opponents, askedAt: at });
  }
  if (message.kind !== 'anchorResult') return;
  const { anchorId, task, figures } = message.body;
  const request = state.requests.get(anchorId.slice(0, anchorId.lastIndexOf(':')));
  if (!request || !task || state.cells.has(anchorId)) return;
  const value = (name: string) => {
    const figure = figures.find((one) => one.name === name);
    return figure ? { [name]: measured(name, figure.value, figure.count) } : {};
  };
  state.cells.set(anchorId, { proposer: request.proposer, executor: task.version, ...value('greedy'), ...value('sampled') });
}

/** Turns that were asked for and not answered. */
export function openTurns({ requests, cells }: CrossPlay): string[] {
  return [...requests].flatMap(([id, { opponents }]) => opponents.map((version) => `${id}:${version}`)).filter((id) => !cells.has(id));
}

/** The matrix for the report; undefined where none was asked for. */
export function crossPlayReport({ requests, cells }: CrossPlay): CrossPlayReport | undefined {
  if (requests.size === 0) return undefined;
  const ascending = (versions: Iterable<number>) => [...new Set(versions)].sort((a, b) => a - b);
  const all = [...requests.values()];
  return {
    proposers: ascending(all.map(({ proposer }) => proposer)),
    executors: ascending(all.flatMap(({ opponents }) => opponents)),
    cells: [...cells.values()].sort((a, b) => a.executor - b.executor || a.proposer - b.proposer),
  };
}
