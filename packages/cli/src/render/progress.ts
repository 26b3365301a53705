import { figureText } from '@redqueen/core';
import type { Progress } from '@redqueen/sdk';
import { clockText, shortCount } from './figures.ts';

/** Figures of the line before, to tell speed and change from. */
export interface ProgressMemory {
  readonly seconds: number;
  readonly sampledTokens: number;
  /** The first held-out accuracy that was seen. */
  readonly firstAccuracy: number | undefined;
}

/** The figure that a status line shows. */
const accuracyName = 'executor/0.sampled';

function heldOut(progress: Progress, first: number | undefined): string {
  const now = progress.figures[accuracyName];
  if (now === undefined) return 'held-out …';
  return first === undefined || first === now
    ? `held-out ${figureText('sampled', now)}`
    : `held-out ${(first * 100).toFixed(1)} → ${figureText('sampled', now)}`;
}

/** One line of a run's progress, and what the next line needs to know. */
export function progressLine(
  progress: Progress,
  memory: ProgressMemory | undefined,
): { readonly line: string; readonly memory: ProgressMemory } {
  const { run, elapsedSeconds: seconds, sampledTokens } = progress;
  const firstAccuracy = memory?.firstAccuracy ?? progress.figures[accuracyName];
  const gap = seconds - (memory?.seconds ?? 0);
  const speed = memory && gap > 0 ? `${shortCount(Math.max(0, (sampledTokens - memory.sampledTokens) / gap))} tokens/s` : '';
  const parts = [
    clockText(seconds),
    `updates ${run.updatesDone}/${run.updates}`,
    `attempts ${shortCount(progress.attempts)}`,
    heldOut(progress, firstAccuracy),
    progress.frontier === '' ? '' : `frontier ${progress.frontier}`,
    `staleness ${progress.staleness.toFixed(1)}`,
    speed,
    run.status === 'running' ? '' : run.status,
    progress.note,
  ];
  return { line: parts.filter((part) => part !== '').join(' · '), memory: { seconds, sampledTokens, firstAccuracy } };
}
