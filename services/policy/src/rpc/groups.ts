import type { PolicyStampInput, SampleGroupInput, SampleInput } from '@redqueen/contract';
import type { FinishReason, SampledGroup, SampledSequence } from '@redqueen/llama';
import { attestedHash, type Version } from '../lineage/state.ts';

/** What attests the weights of a version. */
export function stampOf(agent: string, version: Version): PolicyStampInput {
  return { agent, version: version.number, adapterHash: attestedHash(version) };
}

/** The device's groups in the contract's form, in the order of the prompts. */
export function sampleGroups(groups: readonly SampledGroup[], policy: PolicyStampInput): SampleGroupInput[] {
  return groups.map((group) => ({
    prompt: group.prompt,
    promptTokens: Array.from(group.promptTokens),
    samples: group.samples.map(sampleOf),
    policy,
  }));
}

function sampleOf({ tokens, logProbs, text, finish, stop }: SampledSequence): SampleInput {
  return {
    tokens: Array.from(tokens),
    logProbs: Array.from(logProbs),
    text,
    ...(finish === null ? given : endings[finish]),
    ...(stop !== '' && { stop }),
  };
}

type Ending = Pick<SampleInput, 'failure' | 'finish'>;

/** A continuation that was given, not sampled, did not end in any way. */
const given: Ending = { failure: 'FAILURE_CLASS_OK' };

const endings: Readonly<Record<FinishReason, Ending>> = {
  stop: { failure: 'FAILURE_CLASS_OK', finish: 'FINISH_REASON_STOP' },
  grammar: { failure: 'FAILURE_CLASS_OK', finish: 'FINISH_REASON_GRAMMAR' },
  length: { failure: 'FAILURE_CLASS_TRUNCATED', finish: 'FINISH_REASON_LENGTH' },
  'dead-end': { failure: 'FAILURE_CLASS_MALFORMED', finish: 'FINISH_REASON_DEAD_END' },
};
