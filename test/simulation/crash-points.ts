import type { CrashPoint } from '@redqueen/testkit';
import type { ServiceName } from './cluster/services.ts';

/** A point in a service's work at which its process may die. */
export interface CrashPointOfService extends Omit<CrashPoint, 'count'> {
  readonly service: ServiceName;
  /** It dies at one of its first so many effects of the kind. */
  readonly most: number;
}

/** Effects at which a process may die, with how often they surely come in a run. */
const effects: readonly (readonly [ServiceName, string, number])[] = [
  ['proposer', 'publish task', 3],
  ['executor', 'publish attempts', 4],
  ['executor', 'acknowledge', 4],
  ['executor', 'write rq-dead', 1],
  ['executor', 'terminate', 1],
  ['executor', 'give-back', 3],
  ['verifier', 'publish rewards', 6],
  ['verifier', 'acknowledge', 4],
  ['world-model', 'publish predictions', 2],
  ['curriculum', 'publish slot', 3],
  ['curriculum', 'write rq-snapshots', 2],
  ['curriculum', 'write rq-leases', 1],
  ['reward-aggregator', 'publish settlement', 8],
  ['reward-aggregator', 'publish batch', 3],
  ['reward-aggregator', 'write rq-snapshots', 3],
  ['reward-aggregator', 'write rq-leases', 1],
  ['reward-aggregator', 'read on', 1],
  ['policy', 'publish released', 5],
  ['policy', 'publish candidate', 2],
  ['policy', 'put rq-adapters', 5],
  ['policy', 'put rq-optimizers', 5],
  ['policy', 'write rq-file-holders', 8],
  ['policy', 'write rq-snapshots', 2],
  ['policy', 'write rq-dead', 1],
];

/** Before and after each of them: not yet done, done and not known to be done. */
export const crashPoints: readonly CrashPointOfService[] = effects.flatMap(([service, effect, most]) =>
  (['before', 'after'] as const).map((when) => ({ service, effect, most, when })),
);
