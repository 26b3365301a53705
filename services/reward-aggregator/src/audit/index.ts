// A ledger looked at from outside of any cluster: verify, replay, explain.
export { explainLedger, type ExplainedAgent, type ExplainedTurn, type Explanation } from './explain.ts';
export { replayLedger, type Replay } from './replay.ts';
export type { LedgerEntry, LedgerSource } from './source.ts';
export { verifyLedger, type LedgerFault, type Verification } from './verify.ts';
