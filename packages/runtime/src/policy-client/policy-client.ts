import type { SampleGroup } from '@redqueen/contract';
import type { Clock } from '@redqueen/core';
import { Coalescer, type CoalescerOptions } from './coalescer.ts';
import type { GenerateAsk, PolicyClient, PolicyRpc, PolicyTarget, PromptToContinue, PromptToScore, ScoreAsk } from './port.ts';
import { withRetries, type RetryOptions } from './retry.ts';

/** How asks are collected and repeated. */
export type PolicyClientOptions = CoalescerOptions & RetryOptions;

/** For someone who waits for an answer: about ten seconds. Two calls under way keep the device busy while an answer travels. */
const forCallers: PolicyClientOptions = {
  windowMs: 2,
  maxItems: 256,
  maxCalls: 2,
  tries: 8,
  firstDelayMs: 100,
  // Short: whatever is added to a restart of the policy service by waiting here is time in which nobody learns.
  maxDelayMs: 500,
  awaitsRun: false,
};
/** For actors, whose messages can wait: half a minute and more, which outlasts a restart of the policy service. */
const forActors: PolicyClientOptions = { ...forCallers, tries: 60, awaitsRun: true };

/** The client of a run's actors: it waits patiently for a policy service that is being started again. */
export function createActorPolicyClient(rpc: PolicyRpc, clock: Clock): PolicyClient {
  return createPolicyClient(rpc, clock, forActors);
}

type Batches<Item> = Map<string, Coalescer<Item, SampleGroup>>;
type Call<Item> = (items: readonly Item[]) => Promise<readonly SampleGroup[]>;

/**
 * A PolicyClient over the RPCs: asks of the same (run, agent, version, token budget, temperature) made within a moment, or while other calls
 * are under way, leave as one RPC. Failures that can pass are retried; a caller whose signal aborts stops waiting, the call itself goes on for the others.
 */
export function createPolicyClient(rpc: PolicyRpc, clock: Clock, options: Partial<PolicyClientOptions> = {}): PolicyClient {
  const settings = { ...forCallers, ...options };
  const generating: Batches<PromptToContinue> = new Map();
  const scoring: Batches<PromptToScore> = new Map();
  // A batch that nobody waits for is forgotten, so that old versions leave nothing behind.
  const batchOf = <Item>(batches: Batches<Item>, key: string, call: Call<Item>): Coalescer<Item, SampleGroup> => {
    const batch = batches.get(key) ?? new Coalescer(call, clock, { ...settings, onIdle: () => batches.delete(key) });
    batches.set(key, batch);
    return batch;
  };
  return {
    generate({ prompts, alsoStop = [], ...shared }: GenerateAsk, signal?: AbortSignal) {
      const call: Call<PromptToContinue> = (items) =>
        withRetries(
          async () => (await rpc.Generate({ ...shared, alsoStop: [...alsoStop], prompts: items.map(continued) })).groups,
          clock,
          settings,
        );
      const key = `${targetKey(shared)}|${shared.maxTokens}|${shared.temperature}|${JSON.stringify(alsoStop)}`;
      return abortable(batchOf(generating, key, call).ask(prompts), signal);
    },
    score({ prompts, ...shared }: ScoreAsk, signal?: AbortSignal) {
      const call: Call<PromptToScore> = (items) =>
        withRetries(async () => (await rpc.Score({ ...shared, prompts: items.map(copyOf) })).groups, clock, settings);
      return abortable(batchOf(scoring, targetKey(shared), call).ask(prompts), signal);
    },
  };
}

function continued({ tokens = [], ...prompt }: PromptToContinue): PromptToContinue & { tokens: number[] } {
  return { ...prompt, tokens: [...tokens] };
}

function copyOf(prompt: PromptToScore): { text: string; continuations: string[] } {
  return { text: prompt.text, continuations: [...prompt.continuations] };
}

function targetKey({ run, agent, version }: PolicyTarget): string {
  return `${run}|${agent}|${version ?? 'released'}`;
}

/** The promise's result, or a rejection with the signal's reason as soon as it aborts. */
async function abortable<Result>(promise: Promise<Result>, signal?: AbortSignal): Promise<Result> {
  if (!signal) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
