import type { TrainedRole } from '@redqueen/core';
import type { Work } from '../fold/work.ts';
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

/** Tells every batch of the role that is full. */
export function tellBatches(work: Work, role: TrainedRole): void {
  const { rules, state } = work;
  const roleRules = rules.roles[role];
  if (!roleRules.trains) return;
  const pool = poolOf(work, roleRules.agent);
  for (let units = gather(state, rules, roleRules, pool); units; units = gather(state, rules, roleRules, pool)) {
    work.tells.push({ to: policy, kind: 'batch', body: assemble(rules, roleRules, pool, units) });
    pool.number += 1;
    pool.stale = 0;
    pool.refused = 0;
  }
}
