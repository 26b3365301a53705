import { describe, expect, test } from 'vitest';
import { recordOf } from '@redqueen/testkit';
import { runPlan } from './actor.ts';
import { executorHeard } from './executors.ts';
import { initialState } from './state.ts';

const { recipe } = recordOf({ roles: { executor: { agents: 3 } } });
const plan = runPlan(recordOf({ roles: { executor: { agents: 3 } } }));
const released = { versions: 1, last: false };

describe('several executors', () => {
  test('the slowest sets the pace, and the run is over with the last', () => {
    let state = initialState(plan.arms, plan.curriculum);
    for (const agent of ['executor/0', 'executor/2']) state = executorHeard(recipe, state, agent, { versions: 0, last: false });
    expect(state).toMatchObject({ ready: false, version: 0 });
    state = executorHeard(recipe, state, 'executor/1', { versions: 0, last: false });
    expect(state).toMatchObject({ ready: true, version: 0 });
    for (const agent of ['executor/0', 'executor/0', 'executor/2']) state = executorHeard(recipe, state, agent, released);
    expect(state.version).toBe(0);
    state = executorHeard(recipe, state, 'executor/1', { versions: 1, last: true });
    expect(state).toMatchObject({ version: 1, finished: false });
    for (const agent of ['executor/0', 'executor/2']) state = executorHeard(recipe, state, agent, { versions: 1, last: true });
    expect(state).toMatchObject({ version: 1, finished: true });
  });
});
