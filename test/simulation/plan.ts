import { pick, randomOf, seedOf, type Random } from '@redqueen/core';
import type { CrashPoint, LinkFaults } from '@redqueen/testkit';
import type { Repetition } from './cluster/outbox-pipeline.ts';
import { recordWeights } from './cluster/recipes.ts';
import { serviceNames, type ServiceName } from './cluster/services.ts';
import { crashPoints, type CrashPointOfService } from './crash-points.ts';

/** Something that is done to the cluster. Times in milliseconds. */
export type Blow =
  | { readonly at: number; readonly kind: 'kill'; readonly service: ServiceName; readonly backMs: number; readonly crashPoint?: CrashPoint }
  /** Paused as by SIGSTOP; where `replaced`, another process of the service is started meanwhile and the paused one comes back as a zombie. */
  | { readonly at: number; readonly kind: 'pause'; readonly service: ServiceName; readonly forMs: number; readonly replaced: boolean }
  | { readonly at: number; readonly kind: 'cut'; readonly service: ServiceName; readonly forMs: number }
  /** The run's stream has no leader: nothing is stored in it, while values and objects are. */
  | { readonly at: number; readonly kind: 'leaderless'; readonly forMs: number }
  /** The wall clock jumps. */
  | { readonly at: number; readonly kind: 'clock'; readonly service: ServiceName; readonly aheadMs: number }
  /** A message that cannot be handled comes: for an actor to refuse, or no message at all. */
  | { readonly at: number; readonly kind: 'poison'; readonly service: ServiceName; readonly garbage: boolean }
  /** A message that is stored already is stored again, as if the bus had forgotten its id. */
  | { readonly at: number; readonly kind: 'again'; readonly place: number };

/** Kinds of plans: any faults together; a crash at one point; repetition and zombies; wall clocks that jump. */
export const families = ['any', 'crash', 'again', 'clock'] as const;
export type Family = (typeof families)[number];

/** Everything that is special about one schedule. */
export interface Plan {
  readonly family: Family;
  readonly number: number;
  readonly seed: number;
  /** Which of the records it runs. */
  readonly record: number;
  readonly faults: LinkFaults;
  readonly repetition: Repetition;
  readonly snapshotMessages: number;
  readonly concurrency: number;
  /** Services with two processes from the start. */
  readonly doubled: readonly ServiceName[];
  /** Where the first process of a service is killed. */
  readonly crashPoint: { readonly service: ServiceName; readonly point: CrashPoint; readonly backMs: number } | undefined;
  readonly blows: readonly Blow[];
}

/** Longer than the bus remembers ids. */
const lateMs = 125_000;
const aSecond = 1000;
const anHour = 3_600_000;

function faultsOf(random: Random): LinkFaults {
  return {
    delayMs: pick(random, [2, 10, 60]),
    stallRate: pick(random, [0, 0, 0.01, 0.05]),
    stallMs: pick(random, [300, 1500]),
    lossRate: pick(random, [0, 0, 0.01, 0.05]),
  };
}

/** Jumps of a wall clock: an hour either way as daylight saving does it to a clock without a zone, a leap second, a clock that is set right. */
const jumps = [anHour, -anHour, aSecond, -aSecond, 5 * aSecond, -5 * aSecond];

function blowOf(random: Random, kinds: readonly Blow['kind'][], withinMs: number, services: readonly ServiceName[] = serviceNames): Blow {
  const at = random.uniform() * withinMs;
  const service = pick(random, services);
  const forMs = 100 + random.uniform() ** 2 * 6000;
  const kind = pick(random, kinds);
  switch (kind) {
    case 'kill':
      return { at, kind, service, backMs: 50 + random.uniform() * 1000 };
    case 'pause':
      return { at, kind, service, forMs, replaced: random.uniform() < 0.5 };
    case 'cut':
      return { at, kind, service, forMs };
    case 'leaderless':
      return { at, kind, forMs };
    case 'clock':
      return { at, kind, service, aheadMs: pick(random, jumps) };
    case 'poison':
      return { at, kind, service, garbage: random.uniform() < 0.3 };
    case 'again':
      return { at, kind, place: random.uniform() };
  }
}

function blowsOf(count: number, blow: () => Blow): Blow[] {
  return Array.from({ length: count }, blow).sort((a, b) => a.at - b.at);
}

/** About how long a run without other faults takes. */
function busyMs({ faults }: Plan): number {
  return 100 + 50 * faults.delayMs;
}

/** What most plans have in common. */
function basis(family: Family, number: number, random: Random): Plan {
  return {
    family,
    number,
    seed: seedOf('plan', family, number),
    record: pick(random, recordWeights),
    faults: faultsOf(random),
    repetition: { rate: pick(random, [0, 0, 0.1, 0.5]), withinMs: pick(random, [20, 2000]) },
    snapshotMessages: pick(random, [1, 4, 20, 50, 200, 200]),
    concurrency: pick(random, [1, 2, 16]),
    doubled: serviceNames.filter((name) => name !== 'policy' && random.uniform() < 0.2),
    crashPoint: undefined,
    blows: [],
  };
}

/** Any faults together. Which there are at all is drawn first, so that some schedules hold few kinds in plenty (swarm testing, Groce et al. 2012). */
function anyPlan(number: number, random: Random): Plan {
  const every: Blow['kind'][] = ['kill', 'pause', 'cut', 'leaderless', 'clock', 'poison', 'again'];
  const kinds = every.filter(() => random.uniform() < 0.5);
  const plan = basis('any', number, random);
  // Some storms fall on the first moments of a run, some on its end.
  const withinMs = pick(random, [0.5, 1, 1, 3]) * busyMs(plan);
  const count = kinds.length === 0 ? 0 : random.integer(8);
  return {
    ...plan,
    blows: blowsOf(count, () => blowOf(random, kinds, withinMs)),
  };
}

/** One process dies at one point of its work. */
function crashPlan(number: number, random: Random): Plan {
  const { service, effect, when, most } = crashPoints[number % crashPoints.length] as CrashPointOfService;
  const plan = basis('crash', number, random);
  const dead = effect.includes('rq-dead') || effect === 'terminate' || effect === 'give-back';
  const poison: Blow = { at: 20 + random.uniform() * 200, kind: 'poison', service, garbage: false };
  return {
    ...plan,
    faults: { ...plan.faults, lossRate: 0 },
    // The one that is to die must get its share of the work.
    doubled: [],
    snapshotMessages: pick(random, [1, 4, 20]),
    crashPoint: {
      service,
      point: { effect, when, count: 1 + random.integer(most) },
      // Who asks the policy service gives up some time, and says so: its attempts are void then.
      backMs: service === 'policy' ? 300 : pick(random, [300, 300, 300, lateMs]),
    },
    blows: dead ? [poison] : [],
  };
}

/** Messages come again, in the window and after it, and single writers are paused and come back as zombies. */
function againPlan(number: number, random: Random): Plan {
  const plan = basis('again', number, random);
  const singles: ServiceName[] = ['reward-aggregator', 'reward-aggregator', 'curriculum', 'policy'];
  // Long enough for another one to take over, and while there is work in hand.
  const zombie = (): Blow => {
    const forMs = pick(random, [500, 2500, 3500, 5000]) + random.uniform() * 1000;
    return { at: random.uniform() * busyMs(plan), kind: 'pause', service: pick(random, singles), forMs, replaced: random.uniform() < 0.5 };
  };
  const zombies = blowsOf(1 + random.integer(3), zombie);
  const repeated = blowsOf(random.integer(12), () => blowOf(random, ['again'], 2 * busyMs(plan)));
  return {
    ...plan,
    repetition: { rate: pick(random, [0.2, 0.5, 1]), withinMs: pick(random, [20, 2000]) },
    doubled: [...new Set<ServiceName>([...plan.doubled, 'reward-aggregator'])],
    blows: [...zombies, ...repeated].sort((a, b) => a.at - b.at),
  };
}

/** Wall clocks jump, and now and then one dies. */
function clockPlan(number: number, random: Random): Plan {
  const plan = basis('clock', number, random);
  const blows = blowsOf(3 + random.integer(6), () => blowOf(random, ['clock', 'clock', 'clock', 'kill', 'pause'], 1.5 * busyMs(plan)));
  return { ...plan, blows };
}

const makers = { any: anyPlan, crash: crashPlan, again: againPlan, clock: clockPlan };

/** The plan with that number of a family: the same on every machine. */
export function planOf(family: Family, number: number): Plan {
  return makers[family](number, randomOf('schedule', family, number));
}
