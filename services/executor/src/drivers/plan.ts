import type { SampleGroup } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { environmentByName, requireFamily } from '@redqueen/environments';
import { agents, type PolicyClient } from '@redqueen/runtime';
import type { AttemptPlan, RolloutDriver } from './driver.ts';
import { failureClassOf } from './failure-class.ts';

/** The whole answer in one go: all attempts continue the same prompt and are compared with each other. */
export const plan: RolloutDriver = {
  name: 'plan',
  trainable: true,
  async attempt({ task, attempts, seed, ...ask }: AttemptPlan, policy: PolicyClient, signal?: AbortSignal): Promise<SampleGroup> {
    const environment = environmentByName(task.environment);
    const { maxAnswer } = requireFamily(environment, task.family);
    const prompts = [{ text: environment.prompt(task), samples: attempts, seed }];
    const [group] = await policy.generate({ ...ask, agent: agents.executor, prompts, maxTokens: maxAnswer }, signal);
    if (!group) throw new RedQueenError('data_loss', `task ${task.canonical}: the policy service answered nothing`);
    return { ...group, samples: group.samples.map((sample) => ({ ...sample, failure: failureClassOf(environment, task, sample) })) };
  },
};
