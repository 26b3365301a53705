import { streamOf } from '@redqueen/contract';
import { startTestCluster } from '@redqueen/testkit';
import { auditRun } from '../harness/audit.ts';
import { startChaosCluster } from '../harness/cluster.ts';
import { auditFigures, learningRun, untilLearning } from '../harness/learning.ts';
import { figure, type Scenario } from '../harness/scenario.ts';
import { pidsOf, untilLearnsAgain } from '../nats-away/services.ts';
import { clusterFaults, playFaults } from './faults.ts';

/** The real services over a JetStream cluster with three copies of everything, whose nodes are killed while a run learns. */
export const servicesOnCluster: Scenario = {
  id: 'R5d',
  title: 'the services on JetStream with three copies: a node killed every 10 s',
  async run(options) {
    const every = options.every ?? (options.form === 'full' ? 10 : 8);
    const seconds = options.seconds ?? (options.form === 'full' ? 120 : 8);
    const nats = await startTestCluster();
    try {
      const flags = { 'bus.url': nats.url, 'bus.replicas': 3 };
      const cluster = await startChaosCluster(options.folder, options.say, flags);
      try {
        const { run } = await learningRun(cluster, options.seed);
        await untilLearning(cluster, run);
        const before = pidsOf(cluster);
        const faults = clusterFaults(options.seed, ['kill'], { seconds, every, lasting: 4 });
        const begun = await playFaults({ cluster: nats, stream: streamOf(run), faults, say: options.say });
        await nats.settled(60_000);
        const learns = await untilLearnsAgain(cluster, run, begun.at(-1) ?? 0);
        const ended = Object.entries(pidsOf(cluster)).filter(([name, pid]) => pid !== before[name]);
        const audited = await auditRun(cluster, run);
        const what = `until the run learned again after the last of ${faults.length} kills`;
        const names = ended.map(([name]) => name).join(', ');
        return [
          ...auditFigures('R5d', options, audited),
          figure('R5d.ended', options, ended.length, { atMost: 0 }, `service processes that ended: ${names}`),
          figure('R5d.resumes', options, learns, { atMost: 15, unit: 's' }, what),
        ];
      } finally {
        await cluster.stop();
      }
    } finally {
      await nats.close();
    }
  },
};
