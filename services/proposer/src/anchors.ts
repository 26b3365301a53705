import type { AnchorAttemptsInput, AnchorTask } from '@redqueen/contract';
import type { Recipe } from '@redqueen/core';
import { anchorSlots, proposerPrompt } from '@redqueen/environments';
import { agents, type PolicyClient } from '@redqueen/runtime';
import { proposalTokens } from './sources/index.ts';

/** Samples proposals for one slot of every arm with one version, with seeds that depend on the arm alone: the same weights give the same figures. */
export async function tryAnchors(
  recipe: Recipe,
  policy: PolicyClient,
  run: string,
  task: AnchorTask,
  signal: AbortSignal,
): Promise<AnchorAttemptsInput> {
  const slots = anchorSlots(recipe.environments, task.perArm);
  const prompts = slots.map(({ environment, family, level, proposals, seed }) => ({
    text: proposerPrompt(environment, family, level),
    samples: proposals,
    seed,
  }));
  const maxTokens = proposalTokens(recipe.environments);
  const groups = await policy.generate({ run, agent: agents.proposer, version: task.version, prompts, maxTokens, temperature: 1 }, signal);
  const items = slots.map(({ environment, family, level }, index) => {
    const samples = groups[index]?.samples ?? [];
    return {
      spec: { environment, family, level, canonical: '', origin: 'generator' },
      prompt: prompts[index]?.text ?? '',
      answers: samples.map(({ text }) => text),
      greedy: 0,
      failures: samples.map(({ failure }) => failure),
    };
  });
  return { anchorId: task.anchorId, task, items, policy: groups[0]?.policy ?? null };
}
