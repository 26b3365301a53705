import {
  contextManagers,
  memoryStores,
  scopeOf,
  seedOf,
  type AnyPlugin,
  type ContextManager,
  type MemoryStore,
  type RunRecord,
  type Task,
} from '@redqueen/core';
import type { SampleGroup } from '@redqueen/contract';
import { environmentByName } from '@redqueen/environments';

/** What the executor of a run sees and remembers. */
export interface Contexts {
  readonly context: ContextManager;
  readonly memory: Readonly<Record<string, MemoryStore>>;
}

/** The context of a held-out measurement: the task alone, so that figures depend on a version's weights and nothing else. */
export const barely: ContextManager = contextManagers.create({ use: 'linear' }, { memory: {} });

/** The context manager and the memories that a recipe names. Throws `invalid_argument` naming the recipe's key. */
export function contextsOf({ recipe, seed }: RunRecord, plugins: readonly AnyPlugin[]): Contexts {
  const stores = memoryStores.with(plugins);
  const memory = Object.fromEntries(
    Object.entries(recipe.memory).map(([name, choice]) => [
      name,
      stores.create(choice, { seed: seedOf(seed, 'memory', name) }, `memory.${name}`),
    ]),
  );
  return { context: contextManagers.with(plugins).create(recipe.context, { memory }, 'context'), memory };
}

/** The answer that most attempts gave and the share that gave it; undefined where none ended. The first of equals. */
export function majorityAnswer({ samples }: SampleGroup): { readonly answer: string; readonly share: number } | undefined {
  const finished = samples.filter(({ failure }) => failure === 'FAILURE_CLASS_OK');
  const counts = new Map<string, number>();
  for (const { text } of finished) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [top] = [...counts].sort((a, b) => b[1] - a[1]);
  return top && { answer: top[0], share: top[1] / samples.length };
}

/**
 * Keeps what came of a task in every memory: the answer that most attempts gave, its share being its merit. The executor never learns what is right,
 * so agreement has to do (self-consistency, X. Wang et al. 2022, arXiv 2203.11171).
 */
export async function remember({ memory }: Contexts, task: Task, group: SampleGroup): Promise<void> {
  const majority = majorityAnswer(group);
  if (!majority) return;
  const about = environmentByName(task.environment).prompt(task);
  const scope = scopeOf({ role: 'executor', task, prompt: about });
  const experience = { scope, about, content: majority.answer, merit: majority.share };
  await Promise.all(Object.values(memory).map((store) => store.write(experience)));
}
