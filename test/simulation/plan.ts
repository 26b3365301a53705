import { pick, randomOf, type Random } from '@redqueen/core';
import type { CrashPoint, LinkFaults } from '@redqueen/testkit';
import type { Repetition } from './cluster/outbox-pipeline.ts';
import { serviceNames, type ServiceName } from './cluster/services.ts';

/** Something that is done to the cluster. Times in milliseconds. */
export type Blow =
  | { readonly at: number; readonly kind: 'kill'; readonly service: ServiceName; readonly backMs: number; readonly crashPoint?: CrashPoint }
  /** Paused as by SIGSTOP; where `replaced`, another process of the service is started meanwhile and the paused one comes back as a zombie. */
  | { readonly at: number; readonly kind: 'pause'; readonly service: ServiceName; readonly forMs: number; readonly replaced: boolean }
  | { readonly at: number; readonly kind: 'cut'; readonly service: ServiceName; readonly forMs: number }
  /** The wall clock jumps. */
  | { readonly at: number; readonly kind: 'clock'; readonly service: ServiceName; readonly aheadMs: number }
  /** A message that cannot be handled comes: for an actor to refuse, or no message at all. */
  | { readonly at: number; readonly kind: 'poison'; readonly service: ServiceName; readonly garbage: boolean }
  /** A message that is stored already comes again after the duplicate window. */
  | { readonly at: number; readonly kind: 'again'; readonly place: number };

/** Everything that is special about one schedule. */
export interface Plan {
  readonly seed: number;
  /** Which of the records it runs. */
  readonly record: number;
  readonly faults: LinkFaults;
  readonly repetition: Repetition;
  readonly duplicateWindowMs: number;
  readonly snapshotMessages: number;
  readonly concurrency: number;
  /** Services with two processes from the start. */
  readonly doubled: readonly ServiceName[];
  /** Where the first process of a service is killed. */
  readonly crashPoint: { readonly service: ServiceName; readonly point: CrashPoint } | undefined;
  readonly blows: readonly Blow[];
}

/** How long blows fall. */
const stormMs = 4000;
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

/** Jumps of a wall clock: an hour either way as daylight saving does it to a clock without a zone, and a leap second. */
const jumps = [anHour, -anHour, aSecond, -aSecond, 5 * aSecond, -5 * aSecond];

function blowOf(random: Random, kinds: readonly Blow['kind'][]): Blow {
  const at = random.uniform() * stormMs;
  const service = pick(random, serviceNames);
  const forMs = 100 + random.uniform() ** 2 * 6000;
  const kind = pick(random, kinds);
  switch (kind) {
    case 'kill':
      return { at, kind, service, backMs: 50 + random.uniform() * 1000 };
    case 'pause':
      return { at, kind, service, forMs, replaced: random.uniform() < 0.5 };
    case 'cut':
      return { at, kind, service, forMs };
    case 'clock':
      return { at, kind, service, aheadMs: pick(random, jumps) };
    case 'poison':
      return { at, kind, service, garbage: random.uniform() < 0.3 };
    case 'again':
      return { at, kind, place: random.uniform() };
  }
}

/** The schedule of a seed: which faults there are at all is drawn first, so that some schedules hold few kinds in plenty (swarm testing, Groce et al. 2012). */
export function planOf(seed: number): Plan {
  const random = randomOf('schedule', seed);
  const every: Blow['kind'][] = ['kill', 'pause', 'cut', 'clock', 'poison', 'again'];
  const kinds = every.filter(() => random.uniform() < 0.5);
  const count = kinds.length === 0 ? 0 : random.integer(8);
  const blows = Array.from({ length: count }, () => blowOf(random, kinds)).sort((a, b) => a.at - b.at);
  const forgets = kinds.includes('again');
  return {
    seed,
    record: random.integer(1 << 20),
    faults: faultsOf(random),
    repetition: { rate: pick(random, [0, 0, 0.1, 0.5]), withinMs: pick(random, [20, 2000]) },
    duplicateWindowMs: forgets ? 300 : 120_000,
    snapshotMessages: pick(random, [1, 4, 20, 200]),
    concurrency: pick(random, [1, 2, 16]),
    doubled: serviceNames.filter((name) => name !== 'policy' && random.uniform() < 0.3),
    crashPoint: undefined,
    blows,
  };
}
