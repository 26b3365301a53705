import { healthProbe, isAlive, serviceAddress, type ServiceName, systemClock } from '@redqueen/runtime';
import { auditRun } from './harness/audit.ts';
import { type ChaosCluster, startChaosCluster } from './harness/cluster.ts';
import { auditFigures, learningRun, untilLearning } from './harness/learning.ts';
import { Requests } from './harness/requests.ts';
import { type ChaosOptions, figure, type Scenario } from './harness/scenario.ts';

/** As an operator would: who is asked first, the front door last. */
const everybody: readonly ServiceName[] = [
  'policy',
  'reward-aggregator',
  'curriculum',
  'verifier',
  'world-model',
  'executor',
  'proposer',
  'gateway',
];

/** One of each kind: device, single writer, pool, front door. */
const oneOfEach: readonly ServiceName[] = ['policy', 'reward-aggregator', 'executor', 'gateway'];

const forms = { quick: { rounds: 1, order: oneOfEach }, full: { rounds: 3, order: everybody } };

/** A service that does not come back within this time is down for good. */
const patienceMs = 60_000;

/** Seconds from SIGTERM to the end of the process. */
async function terminate(cluster: ChaosCluster, name: ServiceName): Promise<number> {
  const pid = cluster.pid(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  const asked = systemClock.now();
  process.kill(pid, 'SIGTERM');
  while (isAlive(pid)) await systemClock.sleep(10);
  return (systemClock.now() - asked) / 1000;
}

/** Resolves once the service serves again. */
async function whenServing(cluster: ChaosCluster, name: ServiceName): Promise<void> {
  const probe = healthProbe(serviceAddress(cluster.config, name));
  const until = systemClock.now() + patienceMs;
  try {
    while ((await probe.check(1000)) !== 'SERVING') {
      if (systemClock.now() > until) throw new Error(`${name} does not serve again`);
      await systemClock.sleep(50);
    }
  } finally {
    probe.close();
  }
}

/** Restarts services, one after the other. Returns the seconds that each took to end. */
async function roll(cluster: ChaosCluster, order: readonly ServiceName[], round: number, say: ChaosOptions['say']): Promise<number[]> {
  const seconds: number[] = [];
  for (const name of order) {
    const began = systemClock.now();
    const ended = await terminate(cluster, name);
    await whenServing(cluster, name);
    seconds.push(ended);
    say(
      `round ${round}: ${name} ended after ${ended.toFixed(2)} s and served again after ${((systemClock.now() - began) / 1000).toFixed(2)} s`,
    );
  }
  return seconds;
}

/** Restarts every service in order while a run learns and clients ask: nobody may notice but by waiting. */
export const restarts: Scenario = {
  id: 'R17',
  title: 'rolling restart of all services under load',
  async run(options) {
    const { rounds, order } = forms[options.form];
    const cluster = await startChaosCluster(options.folder, options.say);
    try {
      const { run } = await learningRun(cluster, options.seed);
      await untilLearning(cluster, run);
      const requests = new Requests(cluster, run);
      const ended: number[] = [];
      for (let round = 1; round <= rounds; round++) ended.push(...(await roll(cluster, order, round, options.say)));
      const { answered, failures } = await requests.stop();
      for (const failure of failures.slice(0, 10)) options.say(`failed: ${failure}`);
      const audited = await auditRun(cluster, run);
      return [
        figure('R17.ends', options, Math.max(...ended), { atMost: 10, unit: 's' }, `SIGTERM to the end, the slowest of ${ended.length}`),
        figure('R17.failed', options, failures.length, { atMost: 0 }, `of ${answered + failures.length} requests through the gateway`),
        ...auditFigures('R17', options, audited),
      ];
    } finally {
      await cluster.stop();
    }
  },
};
