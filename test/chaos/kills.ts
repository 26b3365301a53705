import { serviceNames, systemClock } from '@redqueen/runtime';
import { auditRun, type Audited } from './harness/audit.ts';
import { type ChaosCluster, startChaosCluster } from './harness/cluster.ts';
import { effectiveShare, firstAfter, quantile, rateOf, resumedAfter, type Span } from './harness/pace.ts';
import { type ChaosFigure, type ChaosOptions, figure, type Scenario } from './harness/scenario.ts';
import { type Fault, faultSchedule, scheduleText } from './harness/schedule.ts';
import { auditFigures, learningRun, untilLearning } from './harness/learning.ts';

/** A kill as it happened. */
interface Kill extends Fault {
  /** When, milliseconds since the epoch. */
  readonly killedAt: number;
}

const forms = {
  quick: { quietSeconds: 2, seconds: 16, every: 4 },
  full: { quietSeconds: 30, seconds: 180, every: 5 },
};

/** Kills the victim as soon as it lives. */
async function kill(cluster: ChaosCluster, fault: Fault): Promise<Kill> {
  for (;;) {
    const pid = cluster.pid(fault.victim);
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL');
      return { ...fault, killedAt: systemClock.now() };
    }
    await systemClock.sleep(20);
  }
}

async function killAll(cluster: ChaosCluster, faults: readonly Fault[], say: ChaosOptions['say']): Promise<Kill[]> {
  const began = systemClock.now();
  const kills: Kill[] = [];
  for (const fault of faults) {
    await systemClock.sleep(Math.max(0, began + fault.at * 1000 - systemClock.now()));
    kills.push(await kill(cluster, fault));
    say(`${fault.at} s: ${fault.victim} killed`);
  }
  return kills;
}

/** Services without which no update is computed, and those that compute them: after their death the trainer must also have committed again. */
const trains = new Set(['policy', 'reward-aggregator']);

/** Seconds from each kill until learning flows again. */
function resumeSeconds({ audit }: Audited, kills: readonly Kill[], end: number): number[] {
  const { settlements, commits } = audit.times;
  return kills.map(({ killedAt, victim }, index) => {
    const flowing = resumedAfter(settlements, killedAt, kills[index + 1]?.killedAt ?? end);
    return Math.max(flowing, trains.has(victim) ? firstAfter(commits, killedAt) : 0) / 1000;
  });
}

function paceFigures(options: ChaosOptions, audited: Audited, kills: readonly Kill[], quiet: Span, faulty: Span): ChaosFigure[] {
  const { settlements } = audited.audit.times;
  const resumed = resumeSeconds(audited, kills, faulty.to);
  kills.forEach(({ at, victim }, index) => options.say(`${at} s, ${victim}: learning resumed after ${resumed[index]?.toFixed(2)} s`));
  const [calm, stormy] = [rateOf(settlements, quiet), rateOf(settlements, faulty)];
  const calmShare = effectiveShare(settlements, quiet);
  return [
    figure('R1.resumes', options, quantile(resumed, 0.95), { atMost: 5, unit: 's' }, `p95; median ${quantile(resumed, 0.5).toFixed(2)} s`),
    figure(
      'R1.throughput',
      options,
      calm > 0 ? stormy / calm : Number.NaN,
      { atLeast: 0.7 },
      `${stormy.toFixed(1)} settlements a second, ${calm.toFixed(1)} without faults`,
    ),
    figure('R1.ettr', options, effectiveShare(settlements, faulty), { atLeast: 0.8 }, `${calmShare.toFixed(3)} without faults`),
  ];
}

/** Kills services one after another while a run learns on the starter model; then everything must add up. */
export const kills: Scenario = {
  id: 'R1',
  title: 'SIGKILL of random services while a run learns',
  async run(options) {
    const form = forms[options.form];
    const [seconds, every] = [options.seconds ?? form.seconds, options.every ?? form.every];
    const faults = faultSchedule(options.seed, serviceNames, Math.floor(seconds / every), every);
    options.say(`schedule: ${scheduleText(faults)}`);
    const cluster = await startChaosCluster(options.folder, options.say);
    try {
      const { run } = await learningRun(cluster, options.seed);
      await untilLearning(cluster, run);
      const from = systemClock.now();
      await systemClock.sleep(form.quietSeconds * 1000);
      const quiet = { from, to: systemClock.now() };
      const killed = await killAll(cluster, faults, options.say);
      await systemClock.sleep(every * 1000);
      const faulty = { from: quiet.to, to: systemClock.now() };
      const audited = await auditRun(cluster, run);
      return [...auditFigures('R1', options, audited), ...paceFigures(options, audited, killed, quiet, faulty)];
    } finally {
      await cluster.stop();
    }
  },
};
