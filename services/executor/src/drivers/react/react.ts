import type { SampleGroup } from '@redqueen/contract';
import {
  definePlugin,
  RedQueenError,
  seedOf,
  type AttemptPlan,
  type CodeRunner,
  type ContextManager,
  type GenerateAsk,
  type PolicyClient,
  type PromptToContinue,
} from '@redqueen/core';
import { calculatorText, environmentByName, requireFamily } from '@redqueen/environments';
import { agents } from '@redqueen/runtime';
import { z } from 'zod';
import { failureClassOf } from '../failure-class.ts';
import { callOf, continuedDraft, firstDraft, sampleOfDraft, toldValue, type Draft } from './draft.ts';

/** Samples continuations of some prompts. */
type Ask = (prompts: readonly PromptToContinue[], version: number | undefined) => Promise<readonly SampleGroup[]>;

/** What the calculator says to a program; undefined where it has no value that could be told. */
async function calculated(code: CodeRunner, program: string): Promise<string | undefined> {
  const outcome = await code.run(program);
  return outcome.ok ? toldValue(outcome.value) : undefined;
}

/** Answers every call and lets the policy go on, all attempts together in one request. Tokens go on from tokens: no text is made into tokens again. */
async function takeTurn(drafts: readonly Draft[], first: SampleGroup, code: CodeRunner, ask: Ask, seed: number): Promise<readonly Draft[]> {
  const open = drafts.flatMap((draft, attempt) => {
    const program = callOf(draft);
    return program === undefined ? [] : [{ draft, attempt, program }];
  });
  if (open.length === 0) return drafts;
  const values = await Promise.all(open.map(({ program }) => calculated(code, program)));
  const prompts = open.map(({ draft, attempt }, index) => ({
    tokens: [...first.promptTokens, ...draft.tokens],
    text: calculatorText.result(values[index] ?? calculatorText.failed),
    samples: 1,
    seed: seedOf(seed, attempt),
  }));
  // One attempt, one policy: a version that is released meanwhile takes no part.
  const groups = await ask(prompts, first.policy?.version);
  const next = [...drafts];
  for (const [index, { draft, attempt }] of open.entries()) {
    const { promptTokens = [], samples = [] } = groups[index] ?? {};
    const [turn] = samples;
    if (!turn) throw new RedQueenError('data_loss', `attempt ${attempt}: the policy service answered nothing`);
    next[attempt] = continuedDraft(draft, first.promptTokens.length, promptTokens, turn, values[index] !== undefined);
  }
  return next;
}

async function attempt(
  { task, attempts, seed, ...target }: AttemptPlan,
  { context, code, turns }: { context: ContextManager; code: CodeRunner; turns: number },
  policy: PolicyClient,
  signal?: AbortSignal,
): Promise<SampleGroup> {
  const environment = environmentByName(task.environment);
  const { maxAnswer, maxCanonical } = requireFamily(environment, task.family);
  const { prompt, forTraining } = await context.build({ role: 'executor', task, prompt: environment.prompt(task) });
  if (prompt !== forTraining)
    throw new RedQueenError('invalid_argument', 'driver: "react" trains on the prompt that it asked; take the context "linear"');
  const maxTokens = Math.max(maxAnswer, maxCanonical + calculatorText.overhead);
  const ask: Ask = (prompts, version = target.version) => {
    const asked: GenerateAsk = { ...target, agent: target.agent ?? agents.executor, prompts, maxTokens, alsoStop: [calculatorText.close] };
    return policy.generate(version === undefined ? asked : { ...asked, version }, signal);
  };
  const [first] = await ask([{ text: prompt, samples: attempts, seed }], undefined);
  if (!first) throw new RedQueenError('data_loss', `task ${task.canonical}: the policy service answered nothing`);
  let drafts: readonly Draft[] = first.samples.map(firstDraft);
  for (let turn = 1; turn < turns; turn++) drafts = await takeTurn(drafts, first, code, ask, seedOf(seed, turn, 'turn'));
  const samples = drafts.map(sampleOfDraft);
  return { ...first, samples: samples.map((sample) => ({ ...sample, failure: failureClassOf(environment, task, sample) })) };
}

/** Reasoning and acting in turns: the policy writes a call, code runs it, its value is added, and the policy goes on. */
export const react = definePlugin({
  kind: 'rollout-driver',
  name: 'react',
  source: 'Yao et al. 2022 (ReAct), arXiv 2210.03629; multi-turn code calls as in Agent0 (arXiv 2511.16043), at most four turns',
  about:
    'Lets the policy call a code interpreter in sandboxed turns before it answers; what the interpreter says is read and never trained on.',
  options: z.strictObject({
    /** Turns of one attempt at most, the answer included. */
    turns: z.int().min(1).max(8).default(4),
  }),
  create: ({ turns }, { context, code }) => ({
    name: 'react',
    trainable: true,
    attempt: (asked, policy, signal) => {
      if (!code)
        throw new RedQueenError(
          'failed_precondition',
          'driver "react": there is nowhere to run code; start the executor service with a sandbox',
        );
      return attempt(asked, { context, code, turns }, policy, signal);
    },
  }),
});
