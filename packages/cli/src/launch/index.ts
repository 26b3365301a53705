// The launcher of a local cluster.
export type { Cluster, LaunchOptions } from './cluster.ts';
export { findCluster, type ClusterFile } from './folder-lock.ts';
export { launchCluster } from './launch-cluster.ts';
