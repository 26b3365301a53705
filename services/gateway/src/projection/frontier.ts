import type { Message } from '@redqueen/contract';
import { movingAverage, type FrontierCell, type HeldOutLook, type Recipe } from '@redqueen/core';
import { measured } from './figures.ts';

/** What training showed of one (family, level). */
export interface ArmHistory {
  environment: string;
  family: string;
  level: number;
  episodes: number;
  attempts: number;
  solveRate: number | undefined;
}

/** The map of difficulty. */
export interface Frontier {
  arms: Map<string, ArmHistory>;
  /** Keys of the newest slots, newest last. */
  newestSlots: string[];
}

/** Weight of one episode in the moving solve rate. */
const rate = 0.05;
/** How many of the newest slots say where the focus is. */
const slotWindow = 128;

const keyOf = (environment: string, family: string, level: number): string => `${environment} ${family} ${level}`;

function emptyArm(environment: string, family: string, level: number): ArmHistory {
  return { environment, family, level, episodes: 0, attempts: 0, solveRate: undefined };
}

/** The map of a recipe: every (family, level) that takes part, none tried yet. */
export function emptyFrontier(recipe: Recipe): Frontier {
  const arms = new Map<string, ArmHistory>();
  for (const { use, families } of recipe.environments)
    for (const [family, levels] of Object.entries(families))
      for (const level of levels) arms.set(keyOf(use, family, level), emptyArm(use, family, level));
  return { arms, newestSlots: [] };
}

/** Folds one message in. */
export function foldFrontier(frontier: Frontier, message: Message): void {
  if (message.kind === 'slot') {
    const { environment, family, level } = message.body;
    frontier.newestSlots.push(keyOf(environment, family, level));
    if (frontier.newestSlots.length > slotWindow) frontier.newestSlots.shift();
  }
  if (message.kind !== 'settlement' || message.body.status !== 'SETTLEMENT_STATUS_SETTLED') return;
  const { spec, attempts, solved } = message.body;
  if (!spec || attempts === 0) return;
  const key = keyOf(spec.environment, spec.family, spec.level);
  const arm = frontier.arms.get(key) ?? emptyArm(spec.environment, spec.family, spec.level);
  frontier.arms.set(key, arm);
  arm.episodes++;
  arm.attempts += attempts;
  arm.solveRate = movingAverage(arm.solveRate ?? 0, solved / attempts, Math.max(rate, 1 / arm.episodes));
}

/** The (family, level) that got most of the newest slots, as "family-level"; empty before the first. */
export function focusOf(frontier: Frontier): string {
  const counts = new Map<string, number>();
  for (const key of frontier.newestSlots) counts.set(key, (counts.get(key) ?? 0) + 1);
  const [best] = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  const arm = best && frontier.arms.get(best[0]);
  return arm ? `${arm.family}-${arm.level}` : '';
}

function heldOutOf(look: HeldOutLook | undefined, family: string, level: number) {
  const arm = look?.arms.find((entry) => entry.family === family && entry.level === level);
  return arm && arm.count > 0 ? measured('greedy', arm.passed / arm.count, arm.count) : undefined;
}

/** The map, with the executor's held-out accuracy at its first and newest look. */
export function frontierCells(frontier: Frontier, executor: readonly HeldOutLook[]): FrontierCell[] {
  return [...frontier.arms.entries()].map(([key, { environment, family, level, episodes, attempts, solveRate }]) => {
    const before = heldOutOf(executor[0], family, level);
    const after = heldOutOf(executor.at(-1), family, level);
    const share = frontier.newestSlots.filter((slot) => slot === key).length / Math.max(1, frontier.newestSlots.length);
    return {
      environment,
      family,
      level,
      episodes,
      attempts,
      share,
      ...(solveRate === undefined ? {} : { solveRate }),
      ...(before ? { heldOutBefore: before } : {}),
      ...(after ? { heldOutAfter: after } : {}),
    };
  });
}
