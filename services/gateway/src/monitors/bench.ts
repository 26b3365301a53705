import type { Message } from '@redqueen/contract';
import { knobFor, RedQueenError, type AnyPlugin, type Monitor, type MonitorReport, type Recipe } from '@redqueen/core';
import { curvePoints, emptyCurve, extendCurve, type Curve } from '../projection/curve.ts';
import { monitors as registry } from './registry.ts';

/** A monitor at work. */
interface Watching {
  readonly name: string;
  readonly monitor: Monitor;
  state: unknown;
  /** Knobs by name as it turned them last. */
  readonly turned: Map<string, number>;
  /** How often it turned any; numbers the messages' ids. */
  turns: number;
  readonly curves: Map<string, Curve>;
  /** Seconds of the run at its newest reading. */
  readAt: number;
  /** Why what it wanted turned was not; empty where all is well. */
  problem: string;
}

/** A knob that a monitor turned and that is not yet on the stream. */
export interface KnobOrder {
  /** Derived from monitor and count alone, so that every gateway tells the same message. */
  readonly id: string;
  readonly name: string;
  readonly value: number;
  readonly by: string;
  readonly reason: string;
}

/** The monitors of a run, and what they want told. */
export interface Bench {
  readonly watching: readonly Watching[];
  orders: readonly KnobOrder[];
}

/** Seconds between two points of a curve. */
const readEvery = 0.5;

/** No monitors. */
export function emptyBench(): Bench {
  return { watching: [], orders: [] };
}

/** The monitors that a recipe names, ours or one of the plug-ins given, before the first message. Throws `invalid_argument` for an unknown one, one that is named twice, or options that do not fit. */
export function openBench(recipe: Recipe, plugins: readonly AnyPlugin[] = []): Bench {
  const known = registry.with(plugins);
  const names = recipe.monitors.map(({ use }) => use);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new RedQueenError('invalid_argument', `monitors: ${twice} is named twice; name it once`);
  const watching = recipe.monitors.map((choice, index): Watching => {
    const monitor = known.create(choice, { seed: recipe.seed, recipe }, `monitors[${index}]`);
    return {
      name: choice.use,
      monitor,
      state: monitor.initial(),
      turned: new Map(),
      turns: 0,
      curves: new Map(),
      readAt: -Infinity,
      problem: '',
    };
  });
  return { watching, orders: [] };
}

/** Whether the knob can be turned to that value; otherwise the monitor has a problem, which must not stop the run's fold. */
function fits(watching: Watching, name: string, value: number): boolean {
  try {
    return knobFor(name, value).name === name;
  } catch (error) {
    watching.problem = RedQueenError.from(error).message;
    return false;
  }
}

/** What a monitor wants turned and did not turn that way already. */
function ordersOf(run: string, watching: Watching): KnobOrder[] {
  return (watching.monitor.turn?.(watching.state) ?? []).flatMap(({ name, value, reason }) => {
    if (watching.turned.get(name) === value || !fits(watching, name, value)) return [];
    watching.turned.set(name, value);
    watching.turns += 1;
    return [{ id: `${run}-${watching.name}-${watching.turns}`, name, value, by: watching.name, reason }];
  });
}

function read(watching: Watching, seconds: number): void {
  watching.readAt = seconds;
  for (const { name, value } of watching.monitor.read(watching.state)) {
    const curve = watching.curves.get(name) ?? emptyCurve();
    watching.curves.set(name, curve);
    extendCurve(curve, seconds, value);
  }
}

/** Folds one message in. A pure function of the stream: a monitor turns the same knobs at the same messages whenever it is folded again. */
export function foldBench(bench: Bench, message: Message, seconds: number): void {
  if (message.kind === 'knob') bench.orders = bench.orders.filter(({ id }) => id !== message.id);
  for (const watching of bench.watching) {
    // What somebody else turned may be turned back.
    if (message.kind === 'knob' && message.body.by !== watching.name) watching.turned.set(message.body.name, message.body.value);
    const before = watching.state;
    watching.state = watching.monitor.observe(before, message);
    const first = watching.readAt === -Infinity;
    if (first || watching.state !== before) bench.orders = [...bench.orders, ...ordersOf(message.run, watching)];
    if (seconds - watching.readAt >= readEvery) read(watching, seconds);
  }
}

/** The monitors' part of the report: figures as they are now, and their curves. */
export function benchReport({ watching }: Bench): Record<string, MonitorReport> {
  return Object.fromEntries(
    watching.map(({ name, monitor, state, curves, problem }) => [
      name,
      {
        figures: Object.fromEntries(monitor.read(state).map((reading) => [reading.name, reading.value])),
        curves: Object.fromEntries([...curves].map(([figure, curve]) => [figure, curvePoints(curve)])),
        ...(problem === '' ? {} : { problem }),
      },
    ]),
  );
}
