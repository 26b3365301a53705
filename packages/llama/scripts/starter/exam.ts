import { areaUnderCurve, brier, mean, seedOf, type Task } from '@redqueen/core';
import {
  type ArmName,
  anchorSlots,
  anchorTasks,
  anchorTransitions,
  executorPrompt,
  fieldAccuracy,
  proposerPrompt,
  readProposal,
  requireFamily,
  environmentByName,
  stopText,
  verifierLabels,
  verifierPrompt,
  worldModelPrompt,
} from '@redqueen/environments';
import { checkAnswer } from '@redqueen/environments/truth';
import type { PolicyDevice } from '@redqueen/llama';
import type { SkillSet } from './skills.ts';
import { answerWithCalculator } from './tool-answers.ts';

/** What a snapshot can do, by generation on the develop split, through the engine that will serve it. */
export interface Exam {
  /** Share of right answers at temperature 1, mean over the arms, and of the likeliest answers. */
  readonly sampled: number;
  readonly greedy: number;
  readonly weakest: number;
  /** Calls of the calculator that gave a value, mean over the samples of arithmetic tasks; 0 for a starter that has none. */
  readonly calls: number;
  readonly arms: readonly (ArmName & { readonly sampled: number; readonly greedy: number })[];
  readonly worldModel: { readonly fields: number; readonly exact: number };
  readonly proposer: { readonly valid: number; readonly distinct: number };
  readonly verifier: { readonly brier: number; readonly auc: number; readonly pairs: number };
}

const perArm = 26;
const samplesPerTask = 16;
const longestProposal = 11;
/** Weights in the device are the model's own: version 0. */
const base = { agent: 'starter', version: 0 } as const;

/** An answer of the model; undefined where it never stopped. */
type Answer = string | undefined;

/** Answers to prompts, in order. One call a token budget, because the budget is part of a graph's shape. */
async function answer(
  device: PolicyDevice,
  prompts: readonly { text: string; budget: number }[],
  samples: number,
  temperature: number,
): Promise<readonly (readonly Answer[])[]> {
  const answers: (readonly Answer[])[] = prompts.map(() => []);
  for (const budget of new Set(prompts.map((prompt) => prompt.budget))) {
    const places = prompts.flatMap((prompt, place) => (prompt.budget === budget ? [place] : []));
    const groups = await device.generate({
      ...base,
      maxTokens: budget,
      temperature,
      stop: stopText,
      prompts: places.map((place) => ({ text: prompts[place]?.text ?? '', samples, seed: seedOf('exam', place) })),
    });
    for (const [index, place] of places.entries())
      answers[place] = groups[index]?.samples.map(({ text, stopped }) => (stopped ? text : undefined)) ?? [];
  }
  return answers;
}

const question = (task: Task) => ({
  text: executorPrompt(task),
  budget: requireFamily(environmentByName(task.environment), task.family).maxAnswer,
});

const share = (right: readonly boolean[]): number => mean(right.map(Number));

/** What is asked: the develop split of a set's environments. */
interface Questions {
  readonly arms: readonly ArmName[];
  readonly tasks: readonly Task[];
  readonly transitions: ReturnType<typeof anchorTransitions>;
  readonly slots: ReturnType<typeof anchorSlots>;
}

function questionsOf({ selection, arms }: SkillSet): Questions {
  return {
    arms,
    tasks: anchorTasks(selection, 'develop', perArm),
    transitions: anchorTransitions(selection, 'develop', 256),
    slots: anchorSlots(selection, 12),
  };
}

function armFigures(
  { arms, tasks }: Questions,
  sampled: readonly (readonly Answer[])[],
  greedy: readonly (readonly Answer[])[],
): Exam['arms'] {
  return arms.map((arm) => {
    const places = tasks.flatMap((task, place) => (task.family === arm.family && task.level === arm.level ? [place] : []));
    const right = (answers: readonly (readonly Answer[])[]): number =>
      share(
        places.flatMap((place) =>
          (answers[place] ?? []).map((text) => text !== undefined && checkAnswer(tasks[place] as Task, text).correct),
        ),
      );
    return { ...arm, sampled: right(sampled), greedy: right(greedy) };
  });
}

async function examineWorldModel(device: PolicyDevice, { transitions }: Questions): Promise<Exam['worldModel']> {
  const prompts = transitions.map(({ state, action, outcome }) => ({ text: worldModelPrompt(state, action), budget: outcome.length + 1 }));
  const predicted = await answer(device, prompts, 1, 0);
  const accuracies = transitions.map(({ outcome }, index) => fieldAccuracy(predicted[index]?.[0] ?? '', outcome));
  return { fields: mean(accuracies), exact: share(accuracies.map((accuracy) => accuracy === 1)) };
}

async function examineProposer(device: PolicyDevice, { slots }: Questions): Promise<Exam['proposer']> {
  const prompts = slots.map(({ environment, family, level }) => ({
    text: proposerPrompt(environment, family, level),
    budget: longestProposal,
  }));
  const proposals = await answer(device, prompts, slots[0]?.proposals ?? 0, 1);
  const fits = slots.flatMap((slot, index) => (proposals[index] ?? []).map((text) => ({ text, slot })));
  const valid = fits.filter(({ text, slot }) => {
    if (text === undefined) return false;
    const read = readProposal(text, slot);
    // A held-out task of the slot is a valid proposal; it is only never used.
    return read.valid || read.reason === 'held-out';
  });
  return { valid: valid.length / fits.length, distinct: new Set(valid.map(({ text }) => text)).size / Math.max(1, valid.length) };
}

/** As many right as wrong distinct answers of the model itself, in the order of the tasks. */
function balancedPairs(
  tasks: readonly Task[],
  sampled: readonly (readonly Answer[])[],
): readonly { task: Task; text: string; right: boolean }[] {
  const pairs = tasks.flatMap((task, place) =>
    [...new Set(sampled[place])].flatMap((text) => (text === undefined ? [] : [{ task, text, right: checkAnswer(task, text).correct }])),
  );
  const right = pairs.filter((pair) => pair.right);
  const wrong = pairs.filter((pair) => !pair.right);
  const count = Math.min(right.length, wrong.length);
  // Evenly spaced, so that every arm keeps its share.
  const thinned = (all: typeof pairs): typeof pairs =>
    Array.from({ length: count }, (_, index) => all[Math.floor((index * all.length) / count)] as (typeof pairs)[number]);
  return [...thinned(right), ...thinned(wrong)];
}

async function examineVerifier(
  device: PolicyDevice,
  tasks: readonly Task[],
  sampled: readonly (readonly Answer[])[],
): Promise<Exam['verifier']> {
  const pairs = balancedPairs(tasks, sampled);
  const { right, wrong } = verifierLabels;
  const scored = await device.score({
    ...base,
    prompts: pairs.map(({ task, text }) => ({ text: verifierPrompt(task, text), continuations: [right, wrong] })),
  });
  const confidences = scored.map(({ samples }) => {
    const [yes = 0, no = 0] = samples.map(({ logProbs }) => logProbs[0] ?? 0);
    return 1 / (1 + Math.exp(no - yes));
  });
  const outcomes = pairs.map((pair) => pair.right);
  return { brier: brier(confidences, outcomes), auc: areaUnderCurve(confidences, outcomes), pairs: pairs.length };
}

/** Answers at a temperature, and how many calls of the calculator they made on average over the arithmetic tasks. */
async function attempts(device: PolicyDevice, { callShare }: SkillSet, tasks: readonly Task[], samples: number, temperature: number) {
  if (callShare === 0) return { answers: await answer(device, tasks.map(question), samples, temperature), calls: 0 };
  const called = await answerWithCalculator(device, tasks, samples, temperature);
  const arithmetic = called.filter((_, place) => tasks[place]?.environment === 'arithmetic').flat();
  return { answers: called.map((row) => row.map((one) => one.answer)), calls: mean(arithmetic.map((one) => one.calls)) };
}

/** Examines the model that the device has open in the skills of a set. Deterministic. */
export async function examine(device: PolicyDevice, set: SkillSet): Promise<Exam> {
  const questions = questionsOf(set);
  const { tasks } = questions;
  const sampled = await attempts(device, set, tasks, samplesPerTask, 1);
  const greedy = await attempts(device, set, tasks, 1, 0);
  const byArm = armFigures(questions, sampled.answers, greedy.answers);
  return {
    sampled: mean(byArm.map((arm) => arm.sampled)),
    greedy: mean(byArm.map((arm) => arm.greedy)),
    weakest: Math.min(...byArm.map((arm) => arm.sampled)),
    calls: sampled.calls,
    arms: byArm,
    worldModel: await examineWorldModel(device, questions),
    proposer: await examineProposer(device, questions),
    verifier: await examineVerifier(device, tasks, sampled.answers),
  };
}
