import { z } from 'zod';
import { RedQueenError } from '../errors.ts';
import { definePlugin, type ContextTools, type MemoryStore, type Recalled, type Situation } from '../plugins/index.ts';

const options = z.strictObject({
  /** The recipe's memory that is asked, by the name that `memory` gives it. */
  memory: z.string().min(1).default('replay'),
  /** Experiences shown at most. */
  count: z.int().min(1).max(16).default(2),
  /** Experiences of less merit are not shown. */
  atLeastMerit: z.number().min(0).max(1).default(0.75),
  /** Whether training sees the task alone, so that what the experiences brought about is learned without them. */
  strip: z.boolean().default(true),
});

/** The scope of a situation: roles, environments and families keep apart. */
export function scopeOf({ role, task }: Situation): string {
  return `${role}/${task.environment}/${task.family}`;
}

function memoryNamed(name: string, { memory }: ContextTools): MemoryStore {
  const store = Object.hasOwn(memory, name) ? memory[name] : undefined;
  if (store) return store;
  const known = Object.keys(memory).join(', ') || 'none';
  throw new RedQueenError(
    'invalid_argument',
    `memory: the recipe has no memory ${JSON.stringify(name)} (it has: ${known}); add memory.${name}`,
  );
}

/** The most similar experience stands last, next to the task. */
function withExperiences(prompt: string, recalled: readonly Recalled[]): string {
  return [...recalled.toReversed().map(({ about, content }) => `${about}${content}\n`), prompt].join('');
}

/**
 * Similar experiences before the task, as solved examples. With `strip`, training sees the answer after the task alone: the policy learns to do without
 * what it was shown (context distillation, C. Snell et al. 2022, arXiv 2209.15189).
 */
export const recall = definePlugin({
  kind: 'context-manager',
  name: 'recall',
  source: 'in-context experiences: Brown et al. 2020; stripped for training: Snell et al. 2022 (context distillation)',
  about: 'Shows a role similar experiences before its task; training sees the task alone.',
  options,
  create({ memory, count, atLeastMerit, strip }, tools) {
    const store = memoryNamed(memory, tools);
    return {
      name: 'recall',
      async build(situation) {
        const { prompt } = situation;
        const recalled = await store.query({ scope: scopeOf(situation), about: prompt, count: count + 1, atLeastMerit });
        // The very task would give its own answer away.
        const others = recalled.filter(({ about }) => about !== prompt).slice(0, count);
        const shown = withExperiences(prompt, others);
        return { prompt: shown, forTraining: strip ? prompt : shown };
      },
    };
  },
});
