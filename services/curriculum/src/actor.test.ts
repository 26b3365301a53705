import type { Message } from '@redqueen/contract';
import { recordOf } from '@redqueen/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCurriculumActor, handle, runPlan } from './actor.ts';
import { capacityOf, episodesPerVersion, runningEpisodes } from './capacity.ts';
import type { CurriculumState } from './state.ts';
import { control, messageOf, release, settlement } from './test-support.ts';

type SlotBody = { slotId: string; proposals: number };

/** Feeds messages one by one and collects the slots that were opened. */
function drive(record = recordOf()) {
  const plan = runPlan(record);
  const actor = createCurriculumActor(plan);
  let state: CurriculumState = actor.initial();
  const slots: SlotBody[] = [];
  return {
    plan,
    slots,
    get state() {
      return state;
    },
    tell(message: Message): number {
      const effects = handle(plan, state, message);
      state = actor.decode(actor.encode(effects.state));
      slots.push(...effects.tells.map((tell) => tell.body as SlotBody));
      return effects.tells.length;
    },
    episodes: () => slots.flatMap(({ slotId, proposals }) => Array.from({ length: proposals }, (_, index) => `${slotId}.${index}`)),
  };
}

describe('curriculum actor', () => {
  test('opens nothing before the start and the executor’s first release, then fills the capacity at once', () => {
    const run = drive();
    expect(run.tell(release(0))).toBe(0);
    expect(run.tell(control('start'))).toBe(32);
    expect(run.state.opened).toBe(2 * episodesPerVersion(run.plan.record.recipe));
    expect(run.slots.slice(7, 9).map(({ slotId }) => slotId)).toEqual(['0.7', '1.0']);
    expect(capacityOf(run.state, run.plan.record.recipe)).toBe(0);
  });

  test('another agent’s release neither starts nor advances it', () => {
    const run = drive();
    run.tell(control('start'));
    expect(run.tell(release(0, { agent: 'verifier/0' }))).toBe(0);
    run.tell(release(0));
    expect(run.tell(release(1, { agent: 'verifier/0' }))).toBe(0);
  });

  test('settled episodes make no room, a decided version makes room for one version’s episodes, released or refused', () => {
    const run = drive();
    run.tell(control('start'));
    run.tell(release(0));
    for (const episode of run.episodes()) expect(run.tell(settlement(episode))).toBe(0);
    expect(run.tell(release(1))).toBe(16);
    const refused = {
      agent: 'executor/0',
      version: 2,
      adapterHash: '',
      reason: 'gate',
      figures: [],
      passToFail: 9,
      failToPass: 0,
      updates: 0,
      last: false,
    };
    expect(run.tell(messageOf('refused', refused))).toBe(16);
    expect(run.tell(release(3, { reason: 'rollback', sourceVersion: 1 }))).toBe(0);
  });

  test('void episodes are replaced, so that infrastructure failures never starve the loop', () => {
    const run = drive();
    run.tell(control('start'));
    run.tell(release(0));
    const opened = run
      .episodes()
      .slice(0, 4)
      .map((episode) => run.tell(settlement(episode, { status: 'SETTLEMENT_STATUS_VOID' })));
    expect(opened).toEqual([0, 0, 0, 1]);
  });

  test('with a capacity smaller than a slot the last slot is smaller, and only when nothing else is under way', () => {
    const run = drive(recordOf({ maxStaleness: 0, roles: { executor: { batch: 6, updatesPerVersion: 1 } } }));
    run.tell(control('start'));
    run.tell(release(0));
    expect(run.slots.map(({ proposals }) => proposals)).toEqual([4]);
    for (const episode of run.episodes()) run.tell(settlement(episode));
    expect(run.slots.map(({ proposals }) => proposals)).toEqual([4, 2]);
  });

  test('predictions, refused proposals and submitted tasks are no episodes of a slot', () => {
    const run = drive();
    run.tell(control('start'));
    run.tell(release(0));
    const before = run.state;
    for (const id of ['0.0.0/w', '0.0.0/r', 'user-1']) run.tell(settlement(id));
    expect(run.state).toEqual(before);
  });

  test('a stop stops, a new start goes on, and the executor’s last version ends it for good', () => {
    const run = drive();
    run.tell(control('start'));
    run.tell(release(0));
    run.tell(control('stop'));
    expect(run.tell(release(1))).toBe(0);
    expect(run.tell(control('start'))).toBe(16);
    run.tell(release(2, { last: true }));
    expect(run.tell(release(3))).toBe(0);
    expect(run.tell(control('start'))).toBe(0);
  });

  test('without a learning proposer tasks are drawn from the environment', () => {
    const run = drive(recordOf({ roles: { proposer: { trains: false } } }));
    run.tell(control('start'));
    run.tell(release(0));
    expect(run.slots[0]).toMatchObject({ source: 'generator' });
  });

  test('the knob "explore" makes the choice uniform; an unknown knob changes nothing', () => {
    const run = drive();
    run.tell(control('start'));
    run.tell(release(0));
    const before = run.state;
    run.tell(messageOf('knob', { name: 'nonsense', value: 1, by: 'test', reason: '' }));
    expect(run.state).toEqual(before);
    run.tell(messageOf('knob', { name: 'explore', value: 1, by: 'test', reason: '' }));
    expect(run.plan.curriculum.probabilities(run.state.memory)).toEqual(Array(7).fill(1 / 7));
  });

  test('rejected proposals are counted by reason', () => {
    const run = drive();
    for (const reason of ['malformed', 'held-out', 'malformed'])
      run.tell(messageOf('rejected', { slotId: '0.0', index: 0, reason, proposal: null }));
    expect(run.state.rejected).toEqual({ malformed: 2, 'held-out': 1 });
  });

  const anyMessages = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('settle' as const), which: fc.nat(), isVoid: fc.boolean(), solved: fc.integer({ min: 0, max: 8 }) }),
      fc.record({ kind: fc.constant('release' as const), refused: fc.boolean() }),
      fc.record({ kind: fc.constant('control' as const), command: fc.constantFrom('start', 'stop') }),
    ),
    { maxLength: 120 },
  );

  /** Plays a random history in which every episode ends at most once. */
  function play(steps: typeof anyMessages extends fc.Arbitrary<infer Steps> ? Steps : never, record: ReturnType<typeof recordOf>) {
    const run = drive(record);
    const ended = new Set<string>();
    run.tell(control('start'));
    run.tell(release(0));
    for (const step of steps) {
      if (step.kind === 'control') run.tell(control(step.command));
      else if (step.kind === 'release') run.tell(release(run.state.version + 1));
      else {
        const open = run.episodes().filter((episode) => !ended.has(episode));
        const episode = open[step.which % Math.max(1, open.length)];
        if (episode === undefined) continue;
        ended.add(episode);
        run.tell(settlement(episode, { solved: step.solved, ...(step.isVoid ? { status: 'SETTLEMENT_STATUS_VOID' as const } : {}) }));
      }
      const { recipe } = record;
      const allowed = (recipe.maxStaleness + run.state.version + 1) * episodesPerVersion(recipe);
      expect(run.state.accepted + runningEpisodes(run.state)).toBeLessThanOrEqual(allowed);
    }
    return run;
  }

  test('whatever happens, accepted + running never exceeds the capacity, ids never repeat, and the same history opens the same slots', () => {
    const recipes = fc.record({
      batch: fc.integer({ min: 1, max: 9 }),
      updatesPerVersion: fc.integer({ min: 1, max: 3 }),
      maxStaleness: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(anyMessages, recipes, (steps, { batch, updatesPerVersion, maxStaleness }) => {
        const record = recordOf({ maxStaleness, roles: { executor: { batch, updatesPerVersion } } });
        const run = play(steps, record);
        expect(new Set(run.slots.map(({ slotId }) => slotId)).size).toBe(run.slots.length);
        expect(play(steps, record).slots).toEqual(run.slots);
        // Never starved: while it is started and unfinished, something is under way or the version's episodes are all accepted.
        if (run.state.started && runningEpisodes(run.state) === 0) expect(capacityOf(run.state, record.recipe)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
