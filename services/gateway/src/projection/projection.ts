import type { Message } from '@redqueen/contract';
import type { Recipe } from '@redqueen/core';
import { isRetry } from '@redqueen/runtime';
import { foldBench, openBench, type Bench } from '../monitors/bench.ts';
import { curriculumCommand, emptyControls, foldControls, type Controls } from './controls.ts';
import { emptyCrossPlay, foldCrossPlay, type CrossPlay } from './cross-play.ts';
import { emptyEpisodes, foldEpisodes, type Episodes } from './episodes.ts';
import { emptyFrontier, foldFrontier, type Frontier } from './frontier.ts';
import { emptyHeldOut, foldHeldOut, type HeldOut } from './held-out.ts';
import { emptyLineages, foldLineages, type Lineages } from './lineages.ts';
import { foldRewards, type RewardsByTerm } from './rewards.ts';
import { emptyStaleness, foldStaleness, type Staleness } from './staleness.ts';
import { emptyTallies, foldTallies, type Tallies } from './tallies.ts';

/**
 * Everything that a person may want to know of a run, folded from its stream and from nothing else: folding the same stream again gives the same
 * projection (P1), a message counts once however often it is delivered (P2), and its size does not grow with the run's length (P3).
 */
export interface Projection {
  /** The last sequence folded in. */
  sequence: number;
  messages: number;
  /** When the first and the newest message were stored, milliseconds since the epoch. */
  firstAt: number | undefined;
  lastAt: number | undefined;
  /** Milliseconds during which the run was stopped: they are no part of its time. */
  pausedMs: number;
  lineages: Lineages;
  heldOut: HeldOut;
  crossPlay: CrossPlay;
  rewards: RewardsByTerm;
  frontier: Frontier;
  tallies: Tallies;
  staleness: Staleness;
  episodes: Episodes;
  controls: Controls;
  monitors: Bench;
  /** Ids seen lately, in two halves that take turns: what the bus' own duplicate window lets through is dropped here. */
  recent: [Set<string>, Set<string>];
}

const recentLimit = 20_000;

/** A run of that recipe of which nothing was told yet. */
export function emptyProjection(recipe: Recipe, monitors: Bench = openBench(recipe)): Projection {
  return {
    sequence: 0,
    messages: 0,
    firstAt: undefined,
    lastAt: undefined,
    pausedMs: 0,
    lineages: emptyLineages(),
    heldOut: emptyHeldOut(),
    crossPlay: emptyCrossPlay(),
    rewards: new Map(),
    frontier: emptyFrontier(recipe),
    tallies: emptyTallies(),
    staleness: emptyStaleness(recipe.maxStaleness),
    episodes: emptyEpisodes(),
    controls: emptyControls(),
    monitors,
    recent: [new Set(), new Set()],
  };
}

function seenBefore(projection: Projection, id: string): boolean {
  const [current, previous] = projection.recent;
  if (current.has(id) || previous.has(id)) return true;
  current.add(id);
  if (current.size >= recentLimit) projection.recent = [new Set(), current];
  return false;
}

/** Folds one stored message in; changes the projection in place. Messages must come in the order of the stream. */
export function fold(
  projection: Projection,
  stored: { readonly message: Message; readonly sequence: number; readonly storedAt: number },
): void {
  const { message, sequence, storedAt } = stored;
  if (sequence <= projection.sequence) return;
  projection.sequence = sequence;
  // A dead letter that is retried was counted when it first came.
  if (isRetry(message.id) || seenBefore(projection, message.id)) return;
  projection.messages++;
  if (isResumption(projection, message)) projection.pausedMs += Math.max(0, storedAt - (projection.lastAt ?? storedAt));
  projection.firstAt ??= storedAt;
  projection.lastAt = storedAt;
  const seconds = runSeconds(projection, storedAt);
  // Staleness and held-out looks read the lineages as they were before this message.
  foldStaleness(projection.staleness, projection.lineages, message, seconds);
  foldHeldOut(projection.heldOut, projection.lineages, message, { seconds, at: storedAt });
  foldCrossPlay(projection.crossPlay, message, storedAt);
  foldLineages(projection.lineages, message, seconds);
  foldRewards(projection.rewards, message, seconds);
  foldFrontier(projection.frontier, message);
  foldTallies(projection.tallies, message, seconds);
  foldEpisodes(projection.episodes, message);
  foldControls(projection.controls, message, seconds);
  foldBench(projection.monitors, message, seconds);
}

/** Whether the run goes on after it had been stopped. */
function isResumption({ controls }: Projection, message: Message): boolean {
  return message.kind === 'control' && message.body.command === 'start' && curriculumCommand(controls) === 'stop';
}

/** Seconds of the run's own time at a moment, milliseconds since the epoch: from its first message on, without the time that it was stopped. */
export function runSeconds({ firstAt, pausedMs }: Projection, at: number): number {
  return firstAt === undefined ? 0 : Math.max(0, (at - firstAt - pausedMs) / 1000);
}

/** Seconds of the run's own time from its first to its newest message. */
export function elapsedSeconds(projection: Projection): number {
  return projection.lastAt === undefined ? 0 : runSeconds(projection, projection.lastAt);
}
