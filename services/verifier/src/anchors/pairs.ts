import { seedOf, type Recipe, type Task } from '@redqueen/core';
import { anchorTasks, environmentByName, requireFamily, type AnchorPurpose } from '@redqueen/environments';
import { checkAnswer } from '@redqueen/environments/truth';
import { agents, type PolicyClient } from '@redqueen/runtime';

/** An answer whose truth is known, for the verifier to judge. */
export interface Pair {
  readonly task: Task;
  readonly answer: string;
  readonly right: boolean;
}

/** Tasks an arm that are answered at least, answers a task, and pairs of each truth. */
const tasksPerArm = 24;
const answersPerTask = 4;
const pairsOfEach = (perArm: number): number => Math.max(200, 5 * perArm);

/** The base model's own answers at temperature 1: what an executor says before it has learned, right and wrong. */
async function answersOf(run: string, tasks: readonly Task[], policy: PolicyClient, signal: AbortSignal): Promise<Pair[]> {
  const groups = await Promise.all(
    tasks.map((task) => {
      const environment = environmentByName(task.environment);
      const { maxAnswer: maxTokens } = requireFamily(environment, task.family);
      const prompts = [
        { text: environment.prompt(task), samples: answersPerTask, seed: seedOf('verifier anchor', task.environment, task.canonical) },
      ];
      return policy.generate({ run, agent: agents.executor, version: 0, prompts, maxTokens, temperature: 1 }, signal);
    }),
  );
  return tasks.flatMap((task, index) => {
    const read = (text: string): boolean => environmentByName(task.environment).actionsOf(task, text) !== undefined;
    const finished = groups[index]?.[0]?.samples.filter(({ failure, text }) => failure === 'FAILURE_CLASS_OK' && read(text)) ?? [];
    return [...new Set(finished.map(({ text }) => text))].map((answer) => ({ task, answer, right: checkAnswer(task, answer).correct }));
  });
}

/** A balanced choice: as many right as wrong pairs, by the order of a hash, so that it depends on nothing but the pairs. */
export function balancedPairs(pairs: readonly Pair[], ofEach: number): Pair[] {
  const ordered = pairs
    .map((pair) => ({ pair, key: seedOf('pair', pair.task.environment, pair.task.canonical, pair.answer) }))
    .sort((a, b) => a.key - b.key)
    .map(({ pair }) => pair);
  const right = ordered.filter((pair) => pair.right);
  const wrong = ordered.filter((pair) => !pair.right);
  const count = Math.min(right.length, wrong.length, ofEach);
  const chosen = new Set([...right.slice(0, count), ...wrong.slice(0, count)]);
  return ordered.filter((pair) => chosen.has(pair));
}

/** Which pairs. */
export interface PairSet {
  readonly recipe: Recipe;
  readonly purpose: AnchorPurpose;
  readonly perArm: number;
}

/** Held-out (task, answer, truth) pairs, half of them right. The same for every version and every run over the same base model. */
export async function anchorPairs(
  { recipe, purpose, perArm }: PairSet,
  run: string,
  policy: PolicyClient,
  signal: AbortSignal,
): Promise<Pair[]> {
  const tasks = anchorTasks(recipe.environments, purpose, Math.max(perArm, tasksPerArm));
  return balancedPairs(await answersOf(run, tasks, policy, signal), pairsOfEach(perArm));
}
