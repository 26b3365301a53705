import assert from 'node:assert/strict';
import { randomOf, type Environment, type Family, type Task, type Truth } from '@redqueen/core';
import fc from 'fast-check';
import { executorPrompt } from './prompts.ts';

/** One promise that every environment keeps, and a check that throws where it is broken. */
export interface Conformance {
  readonly promise: string;
  readonly check: () => void;
}

/** How many random tasks each promise is checked on. */
const runs = { numRuns: 150 };

/** Any task of the environment: family, level and seed vary. */
function anyTask(environment: Environment): fc.Arbitrary<Task> {
  const arms = environment.families.flatMap((family) => family.levels.map((level) => ({ family, level })));
  return fc
    .tuple(fc.constantFrom(...arms), fc.integer())
    .map(([{ family, level }, seed]) => environment.generate(family.name, level, randomOf(seed)));
}

function familyOf(environment: Environment, task: Task): Family {
  const family = environment.families.find(({ name }) => name === task.family);
  assert(family !== undefined, `generated a task of family ${task.family}, which is not declared`);
  return family;
}

/** The states that an answer's actions lead through, the first one included. */
function statesOf(environment: Environment, task: Task, answer: string): readonly unknown[] {
  const states: unknown[] = [environment.reset(task)];
  for (const action of environment.actionsOf(task, answer) ?? []) {
    const result = environment.step(states.at(-1), action);
    states.push(result.state);
    if (result.done) break;
  }
  return states;
}

function taskPromises(environment: Environment, tasks: fc.Arbitrary<Task>): readonly Conformance[] {
  const forAll = (property: (task: Task) => void) => () => fc.assert(fc.property(tasks, property), runs);
  return [
    {
      promise: 'a canonical form reads back as the task it came from',
      check: forAll((task) => assert.deepEqual(environment.parse(task.canonical), task)),
    },
    {
      promise: 'families, levels and sizes are as declared',
      check: forAll((task) => {
        const family = familyOf(environment, task);
        assert(family.levels.includes(task.level), `level ${task.level}`);
        assert(task.canonical.length <= family.maxCanonical, `"${task.canonical}" is longer than ${family.maxCanonical}`);
        assert.equal(environment.prompt(task), executorPrompt(task));
      }),
    },
    {
      promise: 'the same seed generates the same task',
      check: () =>
        fc.assert(
          fc.property(fc.integer(), fc.constantFrom(...environment.families), (seed, family) => {
            const [first, second] = [randomOf(seed), randomOf(seed)].map((random) =>
              environment.generate(family.name, family.levels[0] ?? 1, random),
            );
            assert.deepEqual(first, second);
          }),
          runs,
        ),
    },
    {
      promise: 'a task has one split, told by its canonical form alone',
      check: forAll((task) => {
        const again = environment.parse(task.canonical);
        assert(again !== undefined);
        assert.equal(environment.splitOf(task), environment.splitOf(again));
      }),
    },
    {
      promise: 'every text is either no task or one whose canonical form is that text',
      check: () =>
        fc.assert(
          fc.property(
            fc.oneof(
              fc.string(),
              tasks.chain(({ canonical }) => damaged(canonical)),
            ),
            (text) => {
              const task = environment.parse(text);
              if (task !== undefined) assert.equal(task.canonical, text);
            },
          ),
          runs,
        ),
    },
  ];
}

/** The text with one character changed, left out or doubled. */
function damaged(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(Math.max(0, text.length - 1)), fc.string({ maxLength: 2 }))
    .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1));
}

function truthPromises(environment: Environment, truth: Truth, tasks: fc.Arbitrary<Task>): readonly Conformance[] {
  const forAll = (property: (task: Task) => void) => () => fc.assert(fc.property(tasks, property), runs);
  return [
    {
      promise: "the oracle's answer is right, readable and fits, stop byte included",
      check: forAll((task) => {
        const answer = truth.oracle(task);
        assert.deepEqual(truth.check(task, answer), { correct: true, firstBadStep: -1 });
        assert(environment.actionsOf(task, answer) !== undefined, `"${answer}" cannot be read`);
        assert(answer.length + 1 <= familyOf(environment, task).maxAnswer, `"${answer}" is too long`);
      }),
    },
    {
      promise: 'the check never throws, says "right" only of answers that can be read, and names a first bad step exactly for wrong ones',
      check: () =>
        fc.assert(
          fc.property(
            tasks.chain((task) => fc.tuple(fc.constant(task), fc.oneof(fc.string(), damaged(truth.oracle(task))))),
            ([task, answer]) => {
              const { correct, firstBadStep } = truth.check(task, answer);
              assert.equal(correct, firstBadStep === -1);
              if (correct) assert(environment.actionsOf(task, answer) !== undefined);
              else assert(firstBadStep >= 0 && firstBadStep <= answer.length);
            },
          ),
          runs,
        ),
    },
    {
      promise: 'right answers with something before or after them are wrong',
      check: forAll((task) => {
        const answer = truth.oracle(task);
        for (const wrong of [`${answer}\n`, ` ${answer}`, `${answer}${answer}`, ''])
          assert.equal(truth.check(task, wrong).correct, false, JSON.stringify(wrong));
      }),
    },
  ];
}

function stepPromises(environment: Environment, truth: Truth, tasks: fc.Arbitrary<Task>): readonly Conformance[] {
  const forAll = (property: (task: Task) => void) => () => fc.assert(fc.property(tasks, property), runs);
  return [
    {
      promise: 'restoring a snapshot gives the state back, and the same text again',
      check: forAll((task) => {
        for (const state of statesOf(environment, task, truth.oracle(task))) {
          const text = environment.snapshot(state);
          assert.deepEqual(environment.restore(text), state);
          assert.equal(environment.snapshot(environment.restore(text)), text);
        }
      }),
    },
    {
      promise: 'a step changes only what it returns, and does the same each time',
      check: forAll((task) => {
        const state = environment.reset(task);
        const before = environment.snapshot(state);
        const action = environment.actionsOf(task, truth.oracle(task))?.[0] ?? '';
        assert.deepEqual(environment.step(state, action), environment.step(environment.restore(before), action));
        assert.equal(environment.snapshot(state), before);
      }),
    },
    {
      promise: 'what remains at the start is the task itself; later it is a task of the same family that the rest of the answer solves',
      check: forAll((task) => {
        if (environment.remaining === undefined) return;
        const answer = truth.oracle(task);
        for (const [done, state] of statesOf(environment, task, answer).entries()) {
          const rest = environment.remaining(state);
          if (done === 0) assert.deepEqual(rest, task);
          assert.equal(rest === undefined, environment.actions(state).length === 0);
          if (rest !== undefined)
            assert(truth.check(rest, answer.slice(done)).correct, `"${answer.slice(done)}" does not solve ${rest.canonical}`);
        }
      }),
    },
    {
      promise: "executing the oracle's answer ends the attempt at its last action and leaves nothing to do",
      check: forAll((task) => {
        const answer = truth.oracle(task);
        const states = statesOf(environment, task, answer);
        assert.equal(states.length - 1, environment.actionsOf(task, answer)?.length);
        assert.equal(environment.actions(states.at(-1)).length, 0);
      }),
    },
  ];
}

/**
 * What an environment must keep so that every service can work with it: one list of promises for all of them.
 * For a test: `for (const { promise, check } of environmentConformance(environment, truth)) test(promise, check)`.
 */
export function environmentConformance(environment: Environment, truth: Truth): readonly Conformance[] {
  const tasks = anyTask(environment);
  return [
    ...taskPromises(environment, tasks),
    ...truthPromises(environment, truth, tasks),
    ...stepPromises(environment, truth, tasks),
    {
      promise: 'both sides have the same name, and family names and symbols are used once',
      check: () => {
        assert.equal(environment.name, truth.name);
        for (const key of ['name', 'symbol'] as const) {
          assert.equal(new Set(environment.families.map((family) => family[key])).size, environment.families.length);
        }
      },
    },
  ];
}
