import { systemClock } from '@redqueen/runtime';
import { startTestCluster } from '@redqueen/testkit';
import { trafficFigures, trafficText } from '../bus-traffic/figures.ts';
import { Traffic } from '../bus-traffic/traffic.ts';
import { longestStall, trafficVerdict } from '../bus-traffic/verdict.ts';
import { figure, type Scenario } from '../harness/scenario.ts';
import { clusterBus } from './bus-scenario.ts';

const run = 'chaos';

/** Resolves once so many messages were confirmed beyond those before. */
async function confirmedMore(traffic: Traffic, count: number): Promise<void> {
  const until = traffic.confirmed.length + count;
  while (traffic.confirmed.length < until) await systemClock.sleep(20);
}

/** All nodes killed at once, again and again, with traffic between and during. What a killed process wrote is in the page cache: nothing may be lost. */
export const allKilled: Scenario = {
  id: 'R6',
  title: 'all three nodes of a JetStream cluster killed at once',
  async run(options) {
    const times = options.form === 'full' ? 10 : 2;
    const cluster = await startTestCluster();
    try {
      await using writers = await clusterBus(cluster, 'writers');
      await using readers = await clusterBus(cluster, 'readers');
      const traffic = await Traffic.start({ run, writers, readers });
      const stalls: number[] = [];
      for (let time = 1; time <= times; time++) {
        await confirmedMore(traffic, 200);
        const from = systemClock.now();
        await Promise.all(cluster.nodes.map((node) => node.kill()));
        await Promise.all(cluster.nodes.map((node) => node.restart()));
        await confirmedMore(traffic, 100);
        stalls.push(longestStall(traffic.confirmedAt, from, systemClock.now()).ms / 1000);
        options.say(`${time}: all killed and started again; confirmations went on after ${stalls.at(-1)?.toFixed(1)} s`);
      }
      await cluster.settled(60_000);
      options.say('every node says that it is current');
      await traffic.stop();
      options.say('writers have ended');
      if (!(await traffic.readersCaughtUp(60_000))) options.say('the readers did not catch up within 60 s');
      const verdict = await trafficVerdict(traffic, readers, run);
      options.say(trafficText(traffic));
      const what = `all nodes killed ${times} times; longest time without a confirmation`;
      return [...trafficFigures('R6', options, verdict), figure('R6.stall', options, Math.max(...stalls), { atMost: 30, unit: 's' }, what)];
    } finally {
      await cluster.close();
    }
  },
};
