import type { TrainedRole } from '@redqueen/core';
import type { Work } from '../fold/work.ts';
import type { RoleRules } from '../rules.ts';
import { assemble } from './assemble.ts';
import { gather } from './gather.ts';
import { emptyPool, type Pool } from './pool.ts';

/** The policy actor, which every batch is addressed to. */
const policy = { role: 'policy', key: '0' } as const;

/** The agent's pool; made where there is none. */
export function poolOf(work: Work, agent: string): Pool {
  let pool = work.state.pools.get(agent);
  if (!pool) {
    pool = emptyPool();
    work.state.pools.set(agent, pool);
  }
  return pool;
}

/** Tells every batch of the role's agents that is full. */
export function tellBatches(work: Work, role: TrainedRole): void {
  for (const agent of work.rules.agents) if (agent.role === role && agent.trains) tellBatchesOf(work, agent);
}

function tellBatchesOf(work: Work, agent: RoleRules): void {
  const { rules, state } = work;
  const pool = poolOf(work, agent.agent);
  for (let units = gather(state, rules, agent, pool); units; units = gather(state, rules, agent, pool)) {
    work.tells.push({ to: policy, kind: 'batch', body: assemble(rules, agent, pool, units, state.knobs) });
    pool.number += 1;
    pool.stale = 0;
    pool.refused = 0;
  }
}
