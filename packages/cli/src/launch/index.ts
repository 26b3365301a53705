// The launcher of a local cluster.
export type { Cluster, LaunchOptions } from './cluster.ts';
export { findCluster, type ClusterFile } from './folder-lock.ts';
export { launchCluster } from './launch-cluster.ts';
export { audit, withLedger, type ExplainedAgent, type ExplainedTurn, type Explanation, type Replay, type Verification } from './ledger.ts';
