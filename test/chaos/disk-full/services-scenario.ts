import { join } from 'node:path';
import { systemClock } from '@redqueen/runtime';
import { auditRun } from '../harness/audit.ts';
import { startChaosCluster } from '../harness/cluster.ts';
import { auditFigures, learningRun, untilLearning } from '../harness/learning.ts';
import { figure, type Scenario } from '../harness/scenario.ts';
import { pidsOf, untilAll, untilLearnsAgain } from '../nats-away/services.ts';
import { mountSmallDisk, whyNoSmallDisk } from './small-disk.ts';

/** Too little for anything, and enough for what was begun. */
const leftBytes = 100_000;

/** Real services, their NATS, logs and run folders on a disk that gets full while a run learns, and has room again later. */
export const servicesOnFullDisk: Scenario = {
  id: 'R19a',
  title: 'the disk of the whole data folder full while a run learns',
  async run(options) {
    const cannot = whyNoSmallDisk();
    if (cannot !== undefined) {
      options.say(`skipped: ${cannot}`);
      return [];
    }
    const seconds = options.seconds ?? (options.form === 'full' ? 30 : 8);
    using disk = mountSmallDisk(join(options.folder, 'disk'), 64);
    const lines: string[] = [];
    const say = (line: string) => {
      lines.push(line);
      options.say(line);
    };
    const cluster = await startChaosCluster(disk.path, say);
    try {
      const { run } = await learningRun(cluster, options.seed);
      await untilLearning(cluster, run);
      const before = pidsOf(cluster);
      disk.fill(leftBytes);
      const from = systemClock.now();
      await untilAll(cluster, 'NOT_SERVING', seconds * 1000);
      await systemClock.sleep(Math.max(0, from + seconds * 1000 - systemClock.now()));
      const ended = Object.entries(pidsOf(cluster)).filter(([name, pid]) => pid !== before[name]);
      const said = lines.some((line) => line.includes(disk.path) && line.includes('full'));
      const back = systemClock.now();
      disk.empty();
      const learns = await untilLearnsAgain(cluster, run, back);
      await untilAll(cluster, 'SERVING', 30_000);
      const audited = await auditRun(cluster, run);
      const names = ended.map(([name]) => name).join(', ');
      return [
        ...auditFigures('R19a', options, audited),
        figure('R19a.ended', options, ended.length, { atMost: 0 }, `service processes that ended: ${names}`),
        figure('R19a.said', options, said ? 1 : 0, { atLeast: 1 }, 'lines that say what is full and where'),
        figure('R19a.resumes', options, learns, { atMost: 30, unit: 's' }, `until the run learned again after ${seconds} s without room`),
      ];
    } finally {
      disk.empty();
      await cluster.stop();
    }
  },
};
