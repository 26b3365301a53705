import { randomOf, shuffled, type Random } from '@redqueen/core';
import type { State } from '../fold/state.ts';
import type { RoleRules, Rules } from '../rules.ts';
import type { Pool, Unit } from './pool.ts';
import { standingOf } from './staleness.ts';

/** Judgements of each class that wait for their batch; the oldest make room. */
const mostJudgements = 256;
/** Batches' worth of units that may wait for the news of their version. */
const mostEarlyBatches = 8;

/** Whether units that may no longer teach still fill a batch: the executor's do, since the curriculum counts every settled episode. */
function countsAlways(role: RoleRules): boolean {
  return role.role === 'executor';
}

/** Splits units into those that may be used now and those that must wait; leaves out, and counts, those that may never be used. */
function sift(state: State, rules: Rules, role: RoleRules, pool: Pool, units: readonly Unit[]): { ready: Unit[]; early: Unit[] } {
  const versions = state.versions.get(role.agent);
  const ready: Unit[] = [];
  const early: Unit[] = [];
  for (const unit of units) {
    const standing = unit.samples.length === 0 ? 'fresh' : standingOf(unit.group, versions, rules.maxStaleness);
    if (standing === 'fresh') ready.push(unit);
    else if (standing === 'early') early.push(unit);
    else {
      pool[standing] += unit.rewards.length;
      if (countsAlways(role)) ready.push({ ...unit, samples: [], totals: [] });
    }
  }
  return { ready, early };
}

/** The first units that fill a batch, oldest first; undefined where there are too few. */
function gatherQueue(state: State, rules: Rules, role: RoleRules, pool: Pool): Unit[] | undefined {
  const waiting = pool.queue.reduce((sum, unit) => sum + unit.size, 0);
  if (waiting < role.batch) return undefined;
  const { ready, early } = sift(state, rules, role, pool, pool.queue);
  let size = 0;
  let count = 0;
  while (count < ready.length && size < role.batch) size += ready[count++]?.size ?? 0;
  const full = size >= role.batch;
  const left = [...(full ? ready.slice(count) : ready), ...early];
  pool.queue = bounded(left, mostEarlyBatches * role.batch, pool);
  return full ? ready.slice(0, count) : undefined;
}

/**
 * As many right as wrong judgements, drawn from those that wait: the newest alone would be those of one moment of the executor, which a verifier
 * that judges them all soon takes for the world.
 */
function gatherBalanced(state: State, rules: Rules, role: RoleRules, pool: Pool): Unit[] | undefined {
  pool.right = bounded(pool.right, mostJudgements);
  pool.wrong = bounded(pool.wrong, mostJudgements);
  const half = Math.floor(role.batch / 2);
  if (pool.right.length < half || pool.wrong.length < half) return undefined;
  const right = sift(state, rules, role, pool, pool.right);
  const wrong = sift(state, rules, role, pool, pool.wrong);
  const full = right.ready.length >= half && wrong.ready.length >= half;
  const random = randomOf(rules.seed, 'judgements', role.agent, pool.number);
  const [rightTaken, rightLeft] = drawn(random, right.ready, full ? half : 0);
  const [wrongTaken, wrongLeft] = drawn(random, wrong.ready, full ? half : 0);
  pool.right = [...rightLeft, ...right.early];
  pool.wrong = [...wrongLeft, ...wrong.early];
  return full ? [...rightTaken, ...wrongTaken] : undefined;
}

/** A random choice of `count` units, and the others in their order. */
function drawn(random: Random, units: readonly Unit[], count: number): [Unit[], Unit[]] {
  const taken = new Set(shuffled(random, units).slice(0, count));
  return [units.filter((unit) => taken.has(unit)), units.filter((unit) => !taken.has(unit))];
}

/** The newest units of which at most `most` complete an episode or a comparison of their own: those of size 0 belong to the one after them. */
function bounded(units: Unit[], most: number, pool?: Pool): Unit[] {
  let surplus = units.filter(({ size }) => size > 0).length - most;
  let excess = 0;
  for (; surplus > 0; excess++) if ((units[excess]?.size ?? 0) > 0) surplus -= 1;
  if (pool) for (const unit of units.slice(0, excess)) pool.refused += unit.rewards.length;
  return excess > 0 ? units.slice(excess) : units;
}

/** Takes the units of the agent's next batch out of its pool; undefined where there are not yet enough. */
export function gather(state: State, rules: Rules, role: RoleRules, pool: Pool): Unit[] | undefined {
  return role.role === 'verifier' ? gatherBalanced(state, rules, role, pool) : gatherQueue(state, rules, role, pool);
}
