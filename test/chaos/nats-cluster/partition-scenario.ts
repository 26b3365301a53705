import { startTestCluster } from '@redqueen/testkit';
import type { Scenario } from '../harness/scenario.ts';
import { hurtCluster } from './bus-scenario.ts';
import { makeNamespaces, whyNoNamespaces } from './namespaces.ts';

/** Nodes that are cut off from the others while clients still reach them, or from everybody. */
export const partitions: Scenario = {
  id: 'R5c',
  title: 'JetStream with three copies: nodes cut off in network namespaces',
  async run(options) {
    const cannot = whyNoNamespaces();
    if (cannot !== undefined) {
      options.say(`skipped: ${cannot}`);
      return [];
    }
    const every = options.every ?? (options.form === 'full' ? 20 : 16);
    const seconds = options.seconds ?? (options.form === 'full' ? 120 : 16);
    using namespaces = makeNamespaces(3);
    const cluster = await startTestCluster({ place: namespaces.place });
    try {
      const trial = { id: 'R5c', kinds: ['cut', 'isolate'] as const, lasting: 10, seconds, every, links: namespaces.links };
      return await hurtCluster(cluster, trial, options);
    } finally {
      await cluster.close();
    }
  },
};
