import type { GenerateRequest, GenerateResponseInput, ScoreRequest, ScoreResponseInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { SampledGroup } from '@redqueen/llama';
import type { CallContext } from '@redqueen/runtime';
import type { ReadyVersion } from '../device/served.ts';
import type { RunPolicies } from '../run-policies.ts';
import type { Runs } from '../runs.ts';
import { checkGenerate, checkScore } from './checks.ts';
import { sampleGroups, stampOf } from './groups.ts';

/** Times that a call is made again because the device's process died under it. */
const maxTries = 3;

/** Text of the stop token where the request says nothing of how its samples end. */
const defaultStop = '\n';

function stopOf({ stop, stopTexts, grammar, schema, prompts }: GenerateRequest): string {
  const saysHow = stopTexts.length > 0 || grammar !== '' || schema !== '' || prompts.some(({ messages }) => messages.length > 0);
  return stop === '' && !saysHow ? defaultStop : stop;
}

interface Target {
  readonly run: string;
  readonly agent: string;
  readonly version?: number;
  readonly lease: string;
}

/** Samples continuations with one version of one agent. */
export async function generate(runs: Runs, request: GenerateRequest, call: CallContext): Promise<GenerateResponseInput> {
  checkGenerate(request);
  const { prompts, maxTokens, temperature, alsoStop, stopTexts, grammar, schema } = request;
  const asked = { prompts, maxTokens, temperature, stop: stopOf(request), alsoStop, stopTexts, grammar, schema };
  return onDevice(runs, request, call, ({ device, agentName, source }) =>
    device.generate({ agent: agentName, version: source, ...asked }, call.signal),
  );
}

/** Log-probabilities of given continuations under one version of one agent. */
export async function score(runs: Runs, request: ScoreRequest, call: CallContext): Promise<ScoreResponseInput> {
  checkScore(request);
  const { prompts } = request;
  return onDevice(runs, request, call, ({ device, agentName, source }) => device.score({ agent: agentName, version: source, prompts }));
}

/** The weights that the target names: a lease's, or a version's. */
async function readyFor(
  { leases, served, state }: RunPolicies,
  { agent, version, lease }: Target,
  signal: AbortSignal,
): Promise<ReadyVersion> {
  return lease === '' ? served.ready(state, agent, version, signal) : leases.ready(lease, agent, signal);
}

/** Does the work with the version that the target names, again where the device's process dies meanwhile, and stamps the answer with what was used. */
async function onDevice(
  runs: Runs,
  target: Target,
  { signal }: CallContext,
  work: (ready: ReadyVersion) => Promise<readonly SampledGroup[]>,
): Promise<{ groups: ReturnType<typeof sampleGroups> }> {
  const policies = await runs.ready(target.run, signal);
  for (let attempt = 1; ; attempt++) {
    const ready = await readyFor(policies, target, signal);
    try {
      return { groups: sampleGroups(await work(ready), stampOf(target.agent, ready.version)) };
    } catch (reason) {
      if (signal.aborted || attempt >= maxTries || RedQueenError.from(reason).code !== 'unavailable') throw reason;
    }
  }
}
