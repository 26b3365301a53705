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
  scriptScenario({
    id: 'R7',
    title: 'flipped bits and lost ends of a stopped store (R6, R7)',
    path: 'chaos/tamper/main.ts',
    words: ({ form }) => (form === 'full' ? [] : ['--flips', '20', '--cuts', '6']),
  }),
  scriptScenario({
    id: 'R9',
    title: 'messages that cannot be handled',
    path: 'chaos/poison/main.ts',
    words: ({ form }) => ['--each', form === 'full' ? '5' : '1'],
  }),
  scriptScenario({
    id: 'resume',
    title: 'everything killed at a point of a run, and resumed',
    path: 'chaos/resume/main.ts',
    words: ({ form }) => ['--points', form === 'full' ? '10' : '2'],
  }),
  scriptScenario({
    id: 'R13',
    title: 'forged rewards',
    path: 'chaos/forged/main.ts',
    words: ({ form }) => ['--tries', form === 'full' ? '500' : '100'],
  }),
];
