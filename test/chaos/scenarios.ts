import type { Scenario } from './harness/scenario.ts';
import { scriptScenario } from './harness/script-scenario.ts';
import { servicesOnFullDisk } from './disk-full/services-scenario.ts';
import { kills } from './kills.ts';
import { allKilled } from './nats-cluster/all-killed.ts';
import { nodeKills, nodePauses } from './nats-cluster/bus-scenario.ts';
import { partitions } from './nats-cluster/partition-scenario.ts';
import { servicesOnCluster } from './nats-cluster/services-scenario.ts';
import { natsDies, natsHangs } from './nats-away/scenario.ts';
import { overload } from './overload.ts';
import { restarts } from './restarts.ts';

/** Every scenario of `npm run chaos`, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  kills,
  restarts,
  nodeKills,
  nodePauses,
  partitions,
  servicesOnCluster,
  allKilled,
  natsHangs,
  natsDies,
  overload,
  servicesOnFullDisk,
  scriptScenario({
    id: 'R11',
    title: 'crafted and broken adapter files',
    path: 'chaos/adapters/main.ts',
    words: ({ form }) => ['--flips', form === 'full' ? '2000' : '200'],
  }),
];
