import type { PolicyStampInput, SampleGroupInput, SampleInput } from '@redqueen/contract';
import type { SampledGroup, SampledSequence } from '@redqueen/llama';
import { attestedHash, type Version } from '../lineage/state.ts';

/** What attests the weights of a version. */
export function stampOf(agent: string, version: Version): PolicyStampInput {
  return { agent, version: version.number, adapterHash: attestedHash(version) };
}

/** The device's groups in the contract's form, in the order of the prompts. */
export function sampleGroups(
  prompts: readonly { readonly text: string }[],
  groups: readonly SampledGroup[],
  policy: PolicyStampInput,
): SampleGroupInput[] {
  return groups.map((group, index) => ({
    prompt: prompts[index]?.text ?? '',
    promptTokens: Array.from(group.promptTokens),
    samples: group.samples.map(sampleOf),
    policy,
  }));
}

function sampleOf({ tokens, logProbs, text, stopped }: SampledSequence): SampleInput {
  return {
    tokens: Array.from(tokens),
    logProbs: Array.from(logProbs),
    text,
    failure: stopped ? 'FAILURE_CLASS_OK' : 'FAILURE_CLASS_TRUNCATED',
  };
}
