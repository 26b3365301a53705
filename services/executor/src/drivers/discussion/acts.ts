import type { FailureClass, SampleGroup } from '@redqueen/contract';
import { RedQueenError, seedOf, type DiscussionPlan, type PolicyClient } from '@redqueen/core';
import type { DiscussionForm, Said } from './form.ts';

/** What is to be said about one attempt. */
export interface Request {
  readonly agent: string;
  readonly attempt: number;
  readonly prompt: string;
}

/** An act with its one sample. */
export interface Act extends Request {
  readonly group: SampleGroup;
}

/** What a discussion is held with. */
export interface Setting {
  readonly form: DiscussionForm;
  readonly plan: DiscussionPlan;
  readonly policy: PolicyClient;
  readonly signal?: AbortSignal | undefined;
}

/** The class of a sample that a form has read. */
function classOf({ form, plan }: Setting, text: string, failure: FailureClass): FailureClass {
  return failure === 'FAILURE_CLASS_OK' && !form.isReadable(plan.task, text) ? 'FAILURE_CLASS_MALFORMED' : failure;
}

/** What an act says. */
export function saidBy({ group }: Act): Said {
  const [sample] = group.samples;
  return { text: sample?.text ?? '', readable: sample?.failure === 'FAILURE_CLASS_OK' };
}

/** One sample a request of one agent, in order. What it is asked several times in the same words is one prompt with several samples. */
async function performOf(setting: Setting, kind: string, agent: string, requests: readonly Request[]): Promise<Act[]> {
  const { form, plan, policy, signal } = setting;
  const { run, task, temperature, seed } = plan;
  const same = [...Map.groupBy(requests, ({ prompt }) => prompt)];
  const prompts = same.map(([text, all]) => ({ text, samples: all.length, seed: seedOf(seed, kind, agent, text) }));
  const groups = await policy.generate({ run, agent, temperature, maxTokens: form.maxTokens(task), prompts }, signal);
  return same.flatMap(([, all], place) =>
    all.map((request, index): Act => {
      const group = groups[place];
      const sample = group?.samples[index];
      if (!group || !sample) throw new RedQueenError('data_loss', `task ${task.canonical}: the policy service left out what ${agent} says`);
      return { ...request, group: { ...group, samples: [{ ...sample, failure: classOf(setting, sample.text, sample.failure) }] } };
    }),
  );
}

/** All acts of one kind, in the order of their attempts. Throws like PolicyClient.generate. */
export async function perform(setting: Setting, kind: string, requests: readonly Request[]): Promise<Act[]> {
  const byAgent = [...Map.groupBy(requests, ({ agent }) => agent)];
  const acts = await Promise.all(byAgent.map(([agent, own]) => performOf(setting, kind, agent, own)));
  return acts.flat().sort((a, b) => a.attempt - b.attempt);
}
