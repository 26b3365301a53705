import fc from 'fast-check';
import { expect, it } from 'vitest';
import { answerTo, batchOf, Laboratory } from '../testing/laboratory.ts';
import { testPlan } from '../testing/plan.ts';
import { agentsOf, RedQueenError } from '@redqueen/core';
import { agentOf as agentIn, committedFiles, newestOf, type AgentState, type PolicyState } from './state.ts';

// The lineage under any sequence of batches, gate answers, rollbacks, promotions, crashes and deaths of the device.

type Operation =
  | { readonly kind: 'batch'; readonly agent: number }
  | { readonly kind: 'answer'; readonly passed: readonly boolean[] }
  | { readonly kind: 'reinstate'; readonly command: 'rollback' | 'promote'; readonly agent: number; readonly version: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'die'; readonly after: number }
  | { readonly kind: 'stumble'; readonly after: number };

/** A gate that refuses often, and two executors. */
const plan = testPlan({ updates: 14, gate: { tolerance: 0.3 }, roles: { executor: { agents: 2 } } });
const agentRoles = agentsOf(plan.recipe);
const agent = fc.nat(agentRoles.length - 1);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('batch' as const), agent: fc.oneof(fc.constantFrom(0, 1), agent) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), passed: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reinstate' as const),
      command: fc.constantFrom('rollback' as const, 'promote' as const),
      agent,
      version: fc.nat(4),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), after: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stumble' as const), after: fc.nat(3) }) },
);
const operations = fc.array(operation, { minLength: 1, maxLength: 80, size: 'max' });

/** What the stream would bring to policy/0: its own commits come back, the gate answers in any order. */
class Stream {
  readonly laboratory: Laboratory;
  readonly numbers = new Map<string, number>();
  #answered = 0;
  #commits = 0;

  constructor(laboratory: Laboratory) {
    this.laboratory = laboratory;
  }

  async apply(one: Operation): Promise<void> {
    const { laboratory } = this;
    if (one.kind === 'batch') await this.#batch(agentRoles[one.agent]?.agent ?? '');
    if (one.kind === 'answer') await this.#answer(one.passed);
    if (one.kind === 'reinstate') {
      const body = { command: one.command, agent: agentRoles[one.agent]?.agent ?? '', version: one.version };
      await laboratory.send({ kind: 'control', body });
    }
    if (one.kind === 'restart') await laboratory.restart();
    if (one.kind === 'stumble') laboratory.writesLeft = one.after;
    if (one.kind === 'die') laboratory.device.trainingsLeft = one.after;
    await this.#commitsComeBack();
  }

  async #batch(name: string): Promise<void> {
    const number = (this.numbers.get(name) ?? 0) + 1;
    this.numbers.set(name, number);
    await this.laboratory.send(batchOf(name, number, agentIn(this.laboratory.state, name).current));
  }

  async #answer(passed: readonly boolean[]): Promise<void> {
    const task = this.laboratory.tells('anchorTask')[this.#answered];
    if (!task) return;
    this.#answered++;
    const candidate = this.laboratory.tells('candidate').find((told) => told.agent === task.agent && told.version === task.version);
    await this.laboratory.send(answerTo(task, passed, candidate?.adapterHash ?? ''));
  }

  async #commitsComeBack(): Promise<void> {
    for (const body of this.laboratory.tells('candidate').slice(this.#commits)) {
      this.#commits++;
      await this.laboratory.send({ kind: 'candidate', body });
    }
  }
}

async function play(steps: readonly Operation[]): Promise<{ laboratory: Laboratory; stream: Stream }> {
  const laboratory = await Laboratory.open(plan);
  const stream = new Stream(laboratory);
  await laboratory.send({ kind: 'control', body: { command: 'start' } });
  const first = { kind: 'answer', passed: [true, true, true, false, false, false] } as const;
  for (const _ of agentRoles) await stream.apply(first);
  for (const step of steps) await stream.apply(step);
  return { laboratory, stream };
}

/** Batch numbers in the order in which weights were trained on them. */
function trainedOn(weights: string): number[] {
  return [...weights.matchAll(/\|(\d+)@/g)].map((match) => Number(match[1]));
}

function isTaken(state: PolicyState, cause: string): boolean {
  return state.agents.some(({ versions }) => versions.some((version) => version.cause === cause));
}

async function committedWeights(laboratory: Laboratory, state: AgentState): Promise<string> {
  const files = committedFiles(state);
  return files ? Buffer.from(await laboratory.policies.stores.optimizers.get(files.optimizer)).toString() : '';
}

function isIncreasing(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

async function checkAgent(laboratory: Laboratory, state: AgentState, received: number): Promise<void> {
  const decided = [...laboratory.tells('released'), ...laboratory.tells('refused')].filter((told) => told.agent === state.agent);
  const numbers = decided.map((told) => told.version ?? 0).toSorted((a, b) => a - b);
  // P3: every number once, in a row, and only what is at the gate is not decided.
  expect(numbers).toEqual(state.versions.filter(({ status }) => status === 'released' || status === 'refused').map(({ number }) => number));
  expect(state.versions.map(({ number }) => number)).toEqual(state.versions.map((_, index) => index));
  expect(state.versions[state.current]?.status === 'released' || state.phase === 'measuring').toBe(true);
  // P2: nothing lost, nothing twice. What waits and what is not committed is what came last.
  const waiting = [...state.uncommitted.map(({ batch }) => batch.number), ...state.pending.map(({ number }) => number)];
  expect(isIncreasing(waiting)).toBe(true);
  if (state.phase !== 'finished') {
    expect(waiting).toEqual(Array.from({ length: waiting.length }, (_, index) => received - waiting.length + 1 + index));
  }
  expect(state.updates).toBeLessThanOrEqual(received);
  const committed = await committedWeights(laboratory, state);
  expect(isIncreasing(trainedOn(committed))).toBe(true);
  // The device has exactly the committed files and what was trained since; after a refusal those of the parent.
  const onDevice = laboratory.device.agents.get(`test:${state.agent}`)?.weights;
  if (onDevice !== undefined && newestOf(state).status !== 'reinstating' && state.pending.length === 0) {
    await laboratory.policies.trainer.inStep(state);
    expect(trainedOn(laboratory.device.agents.get(`test:${state.agent}`)?.weights ?? '')).toEqual([
      ...trainedOn(committed),
      ...state.uncommitted.flatMap(({ batch, stats }) => (stats ? [batch.number] : [])),
    ]);
  }
}

it('never uses a number twice, never loses or doubles a batch, and goes back to the parent after a refusal', async () => {
  await fc.assert(
    fc.asyncProperty(operations, async (steps) => {
      const { laboratory, stream } = await play(steps);
      laboratory.device.trainingsLeft = Number.POSITIVE_INFINITY;
      try {
        for (const state of laboratory.state.agents) await checkAgent(laboratory, state, stream.numbers.get(state.agent) ?? 0);
      } finally {
        await laboratory.close();
      }
    }),
    { numRuns: 60 },
  );
});

it('tells the same and ends in the same state after crashes and deaths of the device as without any', async () => {
  await fc.assert(
    fc.asyncProperty(operations, async (steps) => {
      const { laboratory: disturbed } = await play(steps);
      const undisturbed = await Laboratory.open(plan);
      try {
        for (const message of disturbed.messages) await undisturbed.deliver(message);
        expect([...undisturbed.told]).toEqual([...disturbed.told]);
        expect(undisturbed.state).toEqual(disturbed.state);
      } finally {
        await disturbed.close();
        await undisturbed.close();
      }
    }),
    { numRuns: 60 },
  );
});

it('handles a message that comes again as if it had not', async () => {
  await fc.assert(
    fc.asyncProperty(operations, fc.nat(), async (steps, which) => {
      const { laboratory } = await play(steps);
      try {
        const before = laboratory.state;
        // A request that could not be met may be possible by now; the actor's host drops it by its id.
        const taken = laboratory.messages.filter(
          (message) => message.kind !== 'control' || message.body.command === 'start' || isTaken(before, message.id),
        );
        const message = taken[which % taken.length];
        if (message)
          await laboratory.deliver(message).catch((reason: unknown) => expect(RedQueenError.from(reason).code).toBe('invalid_argument'));
        expect({ ...laboratory.state, committed: before.committed }).toEqual(before);
      } finally {
        await laboratory.close();
      }
    }),
    { numRuns: 60 },
  );
});
