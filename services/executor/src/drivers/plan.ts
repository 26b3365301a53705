import type { SampleGroup } from '@redqueen/contract';
import { definePlugin, RedQueenError, type AttemptPlan, type ContextManager, type PolicyClient } from '@redqueen/core';
import { environmentByName, requireFamily } from '@redqueen/environments';
import { agents } from '@redqueen/runtime';
import { z } from 'zod';
import { failureClassOf } from './failure-class.ts';
import { underTrainingPrompt } from './training-prompt.ts';

async function attempt(
  { task, attempts, seed, ...ask }: AttemptPlan,
  context: ContextManager,
  policy: PolicyClient,
  signal?: AbortSignal,
): Promise<SampleGroup> {
  const environment = environmentByName(task.environment);
  const { maxAnswer } = requireFamily(environment, task.family);
  const { prompt, forTraining } = await context.build({ role: 'executor', task, prompt: environment.prompt(task) });
  const prompts = [{ text: prompt, samples: attempts, seed }];
  const [group] = await policy.generate({ ...ask, agent: ask.agent ?? agents.executor, prompts, maxTokens: maxAnswer }, signal);
  if (!group) throw new RedQueenError('data_loss', `task ${task.canonical}: the policy service answered nothing`);
  const samples = group.samples.map((sample) => ({ ...sample, failure: failureClassOf(environment, task, sample) }));
  const seen = { ...group, samples };
  return prompt === forTraining ? seen : underTrainingPrompt(seen, forTraining, ask.run, policy, signal);
}

/** The whole answer in one go: all attempts continue the same prompt and are compared with each other. */
export const plan = definePlugin({
  kind: 'rollout-driver',
  name: 'plan',
  source: 'the usual single-turn rollout of verifiable rewards, e.g. Shao et al. 2024 (GRPO)',
  about: 'Samples the whole answer in one go.',
  options: z.strictObject({}),
  create: (_options, { context }) => ({
    name: 'plan',
    trainable: true,
    attempt: (asked, policy, signal) => attempt(asked, context, policy, signal),
  }),
});
