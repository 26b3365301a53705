import type { Knob, Message } from '@redqueen/contract';
import { declaredKnobs, definePlugin, type KnobTurn, type Monitor, type Recipe } from '@redqueen/core';
import { z } from 'zod';
import { bestSetting, estimates, grid, meanScore, scoreTask, type Estimator, type ScoredTask, type Setting } from './balance-window.ts';
import { openTasksAfter, settledTask, type OpenTasks } from './balance-tasks.ts';

const agent = 'executor/0';
const knobNames = { temperature: 'temperature.executor', spread: 'temperature-spread.executor', threshold: 'threshold.executor' } as const;

const range = (low: number, high: number, step: number) =>
  z.strictObject({ low: z.number().default(low), high: z.number().default(high), step: z.number().positive().default(step) }).prefault({});

const options = z.strictObject({
  /** What it turns; the other stays as it is. */
  turns: z
    .array(z.enum(['temperature', 'threshold']))
    .min(1)
    .default(['temperature', 'threshold']),
  /** n*: how many distinct right answers to a task are enough. Tasks with a single right answer need 1. */
  enough: z.int().min(1).default(1),
  temperatures: range(0.5, 1.2, 0.05),
  thresholds: range(-0.2, 1.2, 0.1),
  /** Tasks between two decisions, and newest tasks that a decision looks at. */
  every: z.int().min(1).default(256),
  window: z.int().min(1).default(1024),
  /** How far from the present one tasks' temperatures are drawn, and within which distance they speak for a temperature. */
  spread: z.number().min(0).default(0.15),
  bandwidth: z.number().positive().default(0.125),
});
type Options = z.output<typeof options>;

/** What the monitor knows: the present setting, tasks under way, the newest settled ones, and its newest decision. */
export interface BalanceState {
  readonly temperature: number;
  readonly threshold: number;
  readonly open: OpenTasks;
  readonly tasks: readonly ScoredTask[];
  /** Tasks settled since the newest decision. */
  readonly fresh: number;
  readonly decision: Setting | undefined;
}

function initialOf(recipe: Recipe, name: string): number {
  return declaredKnobs.get(name).initial(recipe) ?? 0;
}

/** The state after a task was settled: scored at every threshold, and every so often a new decision. */
function settled(state: BalanceState, scored: ScoredTask, settings: Options, estimator: Estimator): BalanceState {
  const tasks = [...state.tasks.slice(-(settings.window - 1)), scored];
  const fresh = state.fresh + 1;
  if (fresh < settings.every) return { ...state, tasks, fresh };
  const free = {
    ...estimator,
    // Tasks at every temperature there is belong to the one that stays.
    ...(settings.turns.includes('temperature') ? {} : { temperatures: [state.temperature], bandwidth: Number.POSITIVE_INFINITY }),
  };
  const kept = nearest(estimator.thresholds, state.threshold);
  const considered = estimates(tasks, free).filter(
    ({ threshold }) => settings.turns.includes('threshold') || threshold === estimator.thresholds[kept],
  );
  return { ...state, tasks, fresh: 0, decision: bestSetting(considered, state) ?? state.decision };
}

/** The state after a knob was turned. Whoever else turned it has the last word until the next decision. */
function turned(state: BalanceState, { name, value, by }: Knob): BalanceState {
  const known = name === knobNames.temperature ? 'temperature' : name === knobNames.threshold ? 'threshold' : undefined;
  return known ? { ...state, [known]: value, decision: by === 'balance' ? state.decision : undefined } : state;
}

function turnsOf(state: BalanceState, { turns, spread }: Options): KnobTurn[] {
  const { decision } = state;
  const wide = turns.includes('temperature')
    ? [{ name: knobNames.spread, value: spread, reason: 'neighbouring temperatures are tried' }]
    : [];
  if (!decision) return wide;
  const reason = `balance score ${decision.score.toFixed(3)} expected at T ${decision.temperature}, threshold ${decision.threshold}`;
  const changed = turns.filter((knob) => decision[knob] !== state[knob]);
  return [...wide, ...changed.map((knob) => ({ name: knobNames[knob], value: decision[knob], reason }))];
}

function createBalance(settings: Options, recipe: Recipe): Monitor<BalanceState> {
  const present = { temperature: initialOf(recipe, knobNames.temperature), threshold: initialOf(recipe, knobNames.threshold) };
  const { low, high, step } = settings.temperatures;
  const estimator: Estimator = {
    temperatures: grid(low, high, step),
    thresholds: grid(settings.thresholds.low, settings.thresholds.high, settings.thresholds.step),
    bandwidth: settings.bandwidth,
    fewest: settings.every / 8,
  };
  const observe = (state: BalanceState, message: Message): BalanceState => {
    if (message.kind === 'knob') return turned(state, message.body);
    const task = message.kind === 'settlement' ? settledTask(state.open, message.body, agent) : undefined;
    const open = openTasksAfter(state.open, message, agent);
    const next = open === state.open ? state : { ...state, open };
    return task
      ? settled(next, scoreTask(task.temperature, task.answers, estimator.thresholds, settings.enough), settings, estimator)
      : next;
  };
  return {
    name: 'balance',
    initial: () => ({ ...present, open: new Map(), tasks: [], fresh: 0, decision: undefined }),
    observe,
    read: ({ temperature, threshold, tasks }) => [
      { name: 'temperature', value: temperature },
      { name: 'threshold', value: threshold },
      { name: 'score', value: meanScore(tasks.slice(-settings.every), nearest(estimator.thresholds, threshold)) },
    ],
    turn: (state) => turnsOf(state, settings),
  };
}

function nearest(values: readonly number[], wanted: number): number {
  return values.reduce((best, value, place) => (Math.abs(value - wanted) < Math.abs((values[best] ?? 0) - wanted) ? place : best), 0);
}

/**
 * B-STaR's controller: every so many tasks it picks the temperature and the reward threshold with the best mean balance score. Score of an attempt: its
 * total reward, so that rewards outcome · 1 + verifier-score · 0.2 give the paper's 1[correct] + 0.2 · PRM. Our form: estimated on the run's own newest
 * tasks, whose temperatures are drawn around the present one, instead of a development set sampled anew; it sees no official solution, only attempts.
 */
export const balance = definePlugin({
  kind: 'monitor',
  name: 'balance',
  source: 'Zeng et al. 2024, B-STaR (arXiv 2412.17256), section 3 and algorithm 1; our form of the estimate',
  about: 'Turns sampling temperature and reward threshold to where exploration and exploitation are best balanced.',
  options,
  create: (chosen, { recipe }) => createBalance(chosen, recipe),
});
