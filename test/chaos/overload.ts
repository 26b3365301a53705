import { serviceNames, systemClock } from '@redqueen/runtime';
import { auditRun } from './harness/audit.ts';
import { type ChaosCluster, startChaosCluster } from './harness/cluster.ts';
import { Flood, secondsOfOne, servedPerSecond } from './harness/flood.ts';
import { auditFigures, learningRun, untilLearning } from './harness/learning.ts';
import { MemoryWatch } from './harness/memory.ts';
import { type ChaosFigure, type ChaosOptions, figure, type Scenario } from './harness/scenario.ts';

/** How much more is asked than is served. */
const factor = 10;
/** What a service may grow by while it is asked too much, in MiB. */
const memoryBound = 256;
const recoverySeconds = 10;

const forms = { quick: { seconds: 5, measure: 2 }, full: { seconds: 60, measure: 5 } };

/** Seconds until a request is answered about as fast as before the flood. */
async function recovery(cluster: ChaosCluster, run: string, before: number): Promise<number> {
  const began = systemClock.now();
  const seconds = () => (systemClock.now() - began) / 1000;
  while (seconds() < 6 * recoverySeconds) {
    if ((await secondsOfOne(cluster, run)) <= 2 * Math.max(before, 0.25)) return seconds();
  }
  return Number.POSITIVE_INFINITY;
}

function floodFigures(options: ChaosOptions, flood: Flood, hinted: number): ChaosFigure[] {
  const { answered, refused, late, failures } = flood;
  for (const failure of failures.slice(0, 10)) options.say(`failed: ${failure}`);
  options.say(`${flood.sent} requests: ${answered} answered, ${refused} refused, ${late} not in time, ${failures.length} failed otherwise`);
  return [
    figure(
      'R18a.failed',
      options,
      failures.length,
      { atMost: 0 },
      'answers that are neither a result, nor RESOURCE_EXHAUSTED, nor too late',
    ),
    figure('R18a.refused', options, refused, { atLeast: 1 }, `of ${flood.sent} requests, ${answered} answered`),
    figure('R18a.unhinted', options, refused - hinted, { atMost: 0 }, 'refusals that do not say when to ask again'),
  ];
}

/** Asks ten times what is served while a run learns: whoever is too much is told so and when to come again, and nobody falls over. */
export const overload: Scenario = {
  id: 'R18a',
  title: 'ten times more than is served',
  async run(options) {
    const form = forms[options.form];
    const seconds = options.seconds ?? form.seconds;
    const cluster = await startChaosCluster(options.folder, options.say);
    try {
      const { run } = await learningRun(cluster, options.seed);
      await untilLearning(cluster, run);
      const served = await servedPerSecond(cluster, run, form.measure);
      const before = await secondsOfOne(cluster, run);
      options.say(`served: ${served.toFixed(1)} requests a second, one alone in ${before.toFixed(2)} s`);
      const memory = new MemoryWatch(serviceNames, (name) => cluster.pid(name));
      options.say(`${(factor * served).toFixed(0)} requests a second for ${seconds} s`);
      const flood = new Flood(cluster, run, factor * served);
      await systemClock.sleep(seconds * 1000);
      await flood.stop();
      const recovered = await recovery(cluster, run, before);
      const { growth, ended } = memory.stop();
      options.say(`growth in MiB: ${JSON.stringify(growth)}`);
      const audited = await auditRun(cluster, run);
      return [
        ...floodFigures(options, flood, flood.hinted),
        figure(
          'R18a.memory',
          options,
          Math.max(...Object.values(growth)),
          { atMost: memoryBound, unit: 'MiB' },
          'growth of the service that grew most',
        ),
        figure('R18a.ended', options, ended.length, { atMost: 0 }, `services that ended: ${ended.join(', ') || 'none'}`),
        figure('R18a.recovers', options, recovered, { atMost: recoverySeconds, unit: 's' }),
        ...auditFigures('R18a', options, audited),
      ];
    } finally {
      await cluster.stop();
    }
  },
};
