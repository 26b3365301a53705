import { addressOf, addressText, type Message } from '@redqueen/contract';
import {
  silentLogger,
  startActor,
  systemClock,
  systemIds,
  type Actor,
  type ActorContext,
  type ActorHost,
  type ActorSettings,
  type Bus,
  type PoolActor,
  type StatefulActor,
  type Tell,
} from '@redqueen/runtime';
import { gatedBus, knobTell, knobValue, type Gate } from '@redqueen/testkit';

/** Short times, so that a test need not wait for the long ones. */
const quick: Partial<ActorSettings> = {
  ackWaitMs: 300,
  firstBackOffMs: 10,
  longestBackOffMs: 40,
  leaseMs: 240,
  snapshotMessages: 7,
  snapshotMs: 20,
  drainMs: 2000,
};

/** A pool actor made of a function. */
export function pool(
  receive: (message: Message, context: ActorContext) => Promise<readonly Tell[]> | readonly Tell[],
  concurrency = 4,
): PoolActor {
  return {
    type: 'pool',
    address: addressOf('executor/0'),
    concurrency,
    receive: async (message, context) => await receive(message, context),
  };
}

/** A pool actor that answers each number with its double, to the verifier and to the aggregator. */
export const doubler = pool((message) => [
  knobTell('verifier/0', knobValue(message) * 2),
  knobTell('reward-aggregator/0', knobValue(message) * 2),
]);

/** What the summing actor knows: the sum so far, and every number in the order in which it came. */
export interface Sum {
  readonly sum: number;
  readonly values: readonly number[];
}

/** What a test may change of the summing actor. */
export type SumHooks = Partial<Pick<StatefulActor<Sum>, 'reads' | 'canSnapshot' | 'activated'>> & {
  readonly seen?: (message: Message) => void;
};

/** A stateful actor that tells the running sum, and the number itself, after each number. */
export function summing(hooks: SumHooks = {}): StatefulActor<Sum> {
  const { seen, ...overrides } = hooks;
  return {
    type: 'stateful',
    address: addressOf('reward-aggregator/0'),
    reads: 'mailbox',
    initial: () => ({ sum: 0, values: [] }),
    encode: (state) => Buffer.from(JSON.stringify(state)),
    decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Sum,
    receive: (state, message) => {
      seen?.(message);
      // One that reads the whole run sees what it told itself, too.
      if (addressText(message.from) === 'reward-aggregator/0') return { state, tells: [] };
      const value = knobValue(message);
      const sum = state.sum + value;
      return {
        state: { sum, values: [...state.values, value] },
        tells: [knobTell('curriculum/0', sum, 'sum'), knobTell('policy/0', value, 'value')],
      };
    },
    ...overrides,
  };
}

/** Where and how to start a host. */
export interface StartSettings {
  readonly bus: Bus;
  readonly run: string;
  readonly gate?: Gate;
  readonly settings?: Partial<ActorSettings>;
  /** Name of the host over its restarts; a fresh one when left out. */
  readonly owner?: string;
}

/** Starts a host with short times, its bus behind a gate where one is given. */
export function start<State>(actor: StatefulActor<State>, options: StartSettings): Promise<ActorHost<State>>;
export function start(actor: PoolActor, options: StartSettings): Promise<ActorHost>;
export function start(actor: Actor, options: StartSettings): Promise<ActorHost> {
  const bus = options.gate ? gatedBus(options.bus, options.gate) : options.bus;
  const settings = { ...quick, ...options.settings };
  const { run, owner } = options;
  return startActor(actor, { bus, run, runSeed: 7, clock: systemClock, ids: systemIds, owner, logger: silentLogger, settings });
}

/** The numbers told to an actor so far, in stream order. */
export async function toldTo(bus: Bus, run: string, to: string): Promise<number[]> {
  const values: number[] = [];
  for await (const { message } of bus.read(run, { from: 1, to: addressOf(to), follow: false })) values.push(knobValue(message));
  return values;
}

/** Resolves with the numbers told to an actor once there are that many. */
export async function untilTold(bus: Bus, run: string, to: string, count: number): Promise<number[]> {
  const values: number[] = [];
  const stop = new AbortController();
  for await (const { message } of bus.read(run, { from: 1, to: addressOf(to), follow: true, signal: stop.signal })) {
    values.push(knobValue(message));
    if (values.length >= count) break;
  }
  return values;
}
