import type { AnchorTask, BodyInput } from '@redqueen/contract';
import { seedOf, type PolicyClient, type Recipe, type Task } from '@redqueen/core';
import { anchorSlots, proposerPrompt, readProposal } from '@redqueen/environments';
import { addresses, agents, specOf, type Tell } from '@redqueen/runtime';
import { proposalTokens } from './sources/index.ts';

/** Distinct tasks in the order of first appearance. */
function distinct(tasks: readonly Task[]): Task[] {
  return [...new Map(tasks.map((task) => [`${task.environment} ${task.canonical}`, task])).values()];
}

/** What one version proposes for every (family, level): those that are tasks of it, sampled with seeds of the recipe's own that no slot and no anchor uses. */
async function proposals(recipe: Recipe, policy: PolicyClient, run: string, asked: AnchorTask, signal: AbortSignal): Promise<Task[]> {
  const slots = anchorSlots(recipe.environments, asked.perArm);
  const prompts = slots.map((slot) => ({
    text: proposerPrompt(slot.environment, slot.family, slot.level),
    samples: slot.proposals,
    seed: seedOf('cross-play', slot.seed),
  }));
  const maxTokens = proposalTokens(recipe.environments);
  const groups = await policy.generate({ run, agent: agents.proposer, version: asked.version, prompts, maxTokens, temperature: 1 }, signal);
  return slots.flatMap((slot, index) =>
    (groups[index]?.samples ?? []).flatMap(({ failure, text }) => {
      const read = failure === 'FAILURE_CLASS_OK' ? readProposal(text, slot) : undefined;
      return read?.valid ? [read.task] : [];
    }),
  );
}

/** Hands the tasks that one version of the proposer invents to each of the executor's versions that are to attempt them; all attempt the same ones. */
export async function crossPlayTells(
  recipe: Recipe,
  policy: PolicyClient,
  run: string,
  asked: AnchorTask,
  signal: AbortSignal,
): Promise<Tell[]> {
  const tasks = distinct(await proposals(recipe, policy, run, asked, signal)).map((task) => specOf(task, 'proposer'));
  return asked.opponents.map((version) => {
    const { purpose, perArm, sampled, replyTo } = asked;
    const body: BodyInput<'anchorTask'> = {
      anchorId: `${asked.anchorId}:${version}`,
      agent: agents.executor,
      version,
      purpose,
      perArm,
      sampled,
      replyTo,
      tasks,
    };
    return { to: addresses.executor, kind: 'anchorTask', body };
  });
}
