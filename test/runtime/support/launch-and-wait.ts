// Launches a cluster over the folder that it is given, prints its processes and waits to be killed.
import { loadConfig } from '@redqueen/runtime';
import { launchCluster } from '../../../packages/cli/src/launch/index.ts';

const [, , dataDir] = process.argv;
const { config } = loadConfig({ environment: {}, flags: { dataDir, 'bus.kind': 'nats' } });
const cluster = await launchCluster({ config, say: () => {} });
process.stdout.write(JSON.stringify(cluster.processes()));
