import { systemClock } from '@redqueen/runtime';
import { startTestNats, type TestNats } from '@redqueen/testkit';
import { auditRun } from '../harness/audit.ts';
import { startChaosCluster } from '../harness/cluster.ts';
import { auditFigures, learningRun, untilLearning } from '../harness/learning.ts';
import { type ChaosFigure, figure, type Scenario } from '../harness/scenario.ts';
import { pidsOf, untilAll, untilLearnsAgain } from './services.ts';

/** A way in which NATS can be away, and how it comes back. */
export interface Absence {
  begin(nats: TestNats): Promise<void>;
  end(nats: TestNats): Promise<void>;
}

/** SIGSTOP: the connections stay open and nobody answers. */
export const stopped: Absence = {
  begin: async (nats) => nats.pause(),
  end: async (nats) => nats.resume(),
};

/** SIGKILL, and a later start on the same store. */
export const killed: Absence = {
  begin: (nats) => nats.kill(),
  end: (nats) => nats.restart(),
};

/** The services notice within: two missed pings, and two looks. */
const noticedMs = 15_000;

/** Real services at work on a run while their NATS is away, and after. */
function awayScenario(id: string, title: string, absence: Absence): Scenario {
  return {
    id,
    title,
    async run(options) {
      const seconds = options.seconds ?? (options.form === 'full' ? 30 : 8);
      const nats = await startTestNats();
      try {
        const cluster = await startChaosCluster(options.folder, options.say, { 'bus.url': nats.url });
        try {
          const { run } = await learningRun(cluster, options.seed);
          await untilLearning(cluster, run);
          const before = pidsOf(cluster);
          const from = systemClock.now();
          await absence.begin(nats);
          const noticed = await untilAll(cluster, 'NOT_SERVING', noticedMs);
          await systemClock.sleep(Math.max(0, from + seconds * 1000 - systemClock.now()));
          const ended = Object.entries(pidsOf(cluster)).filter(([name, pid]) => pid !== before[name]);
          const back = systemClock.now();
          await absence.end(nats);
          const serving = await untilAll(cluster, 'SERVING', 30_000);
          const learns = await untilLearnsAgain(cluster, run, back);
          const audited = await auditRun(cluster, run);
          const names = (others: object) =>
            Object.entries(others)
              .map(([name, answer]) => `${name} says ${String(answer)}`)
              .join(', ');
          const figures: ChaosFigure[] = [
            ...auditFigures(id, options, audited),
            figure(
              `${id}.ended`,
              options,
              ended.length,
              { atMost: 0 },
              `service processes that ended: ${ended.map(([name]) => name).join(', ')}`,
            ),
            figure(
              `${id}.unnoticed`,
              options,
              Object.keys(noticed.others).length,
              { atMost: 0 },
              `not NOT_SERVING after ${noticed.seconds.toFixed(1)} s: ${names(noticed.others)}`,
            ),
            figure(
              `${id}.serving`,
              options,
              serving.seconds,
              { atMost: 5, unit: 's' },
              `until all were SERVING again; still not: ${names(serving.others)}`,
            ),
            figure(
              `${id}.resumes`,
              options,
              learns,
              { atMost: 5, unit: 's' },
              `until episodes were settled and updates committed again after ${seconds} s away`,
            ),
          ];
          return figures;
        } finally {
          // A cluster whose NATS is away cannot end in order.
          await absence.end(nats).catch(() => undefined);
          await cluster.stop();
        }
      } finally {
        await nats.close();
      }
    },
  };
}

/** NATS hangs. */
export const natsHangs = awayScenario('R18b', 'NATS hangs for 30 s while a run learns', stopped);
/** NATS is dead. */
export const natsDies = awayScenario('R18c', 'NATS is dead for 30 s while a run learns', killed);
