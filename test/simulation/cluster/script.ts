import { hash, randomOf } from '@redqueen/core';
import { environmentByName, generateIn, proposerPrompt, readTask } from '@redqueen/environments';
import { rightAnswer } from '@redqueen/environments/truth';
import { agents } from '@redqueen/runtime';
import type { Recipe } from '@redqueen/core';

// What the policies say depends on the prompt and its seed alone, never on the version that says it or on the time: so every schedule must settle the same rewards.

/** A sample that is to be written. */
interface Turn {
  readonly role: string;
  readonly prompt: string;
  readonly seed: number;
  readonly index: number;
}

function propose(recipe: Recipe, { prompt, seed, index }: Turn): string | undefined {
  const random = randomOf('proposal', prompt, seed, index);
  for (const { use, families } of recipe.environments) {
    const environment = environmentByName(use);
    for (const [family, levels] of Object.entries(families)) {
      for (const level of levels) {
        if (proposerPrompt(use, family, level) !== prompt) continue;
        return random.uniform() < 0.2 ? 'garbage' : environment.generate(family, level, random).canonical;
      }
    }
  }
  return 'garbage';
}

function answer({ prompt, seed, index }: Turn): string | undefined {
  const random = randomOf('answer', prompt, seed, index);
  const task = readTask(prompt.slice(0, -1));
  if (!task || random.uniform() < 0.05) return undefined;
  return rightAnswer(random.uniform() < 0.5 ? task : generateIn('train', environmentByName(task.environment), task, random));
}

/** What an agent of the role says; undefined for rambling on until the budget runs out. */
export function speak(recipe: Recipe, turn: Turn): string | undefined {
  if (turn.role === agents.proposer) return propose(recipe, turn);
  if (turn.role === agents.executor) return answer(turn);
  return randomOf('prediction', turn.prompt, turn.seed, turn.index).uniform() < 0.5 ? '40.' : '41K';
}

/** How sure the verifier is of "y". */
export function confidenceIn(prompt: string): number {
  return 0.05 + (Number.parseInt(hash(prompt).slice(0, 4), 16) / 0xffff) * 0.9;
}
