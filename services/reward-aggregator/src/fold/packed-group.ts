import type { FailureClass, SampleGroup } from '@redqueen/contract';
import type { AnswerForm } from '@redqueen/core';

/**
 * A prompt with its samples as flat arrays: what an update needs of them, small enough to keep hundreds of groups and to snapshot them fast.
 * Sample i owns tokens [ends[i − 1], ends[i]).
 */
export interface PackedGroup {
  readonly version: number;
  readonly adapterHash: string;
  readonly prompt: Uint32Array;
  readonly tokens: Uint32Array;
  readonly logProbs: Float32Array;
  readonly ends: Uint32Array;
  /** By token: 1 where the policy did not sample it; absent where it sampled all. */
  readonly given?: Uint8Array;
  /** By sample: tool calls that gave a result; absent where there were none. */
  readonly calls?: Uint8Array;
  /** By sample: 1 where it may carry reward, 0 where it is void. */
  readonly valid: Uint8Array;
  /** By sample: how it ended, as an index of `answerForms`. */
  readonly forms: Uint8Array;
}

/** How a sample that carries reward may have ended. */
export const answerForms: readonly AnswerForm[] = ['ok', 'malformed', 'truncated'];

/** A group that cannot be read, and why. */
export interface Unreadable {
  readonly unreadable: string;
}

/** The hash of a group that no policy attests: never that of a released version. */
const unattested = 'unattested';
/** In the order of `answerForms`. */
const rewarded: readonly FailureClass[] = ['FAILURE_CLASS_OK', 'FAILURE_CLASS_MALFORMED', 'FAILURE_CLASS_TRUNCATED'];
const carriesReward: ReadonlySet<FailureClass> = new Set(rewarded);

function faultOf(group: SampleGroup): string | undefined {
  for (const [index, sample] of group.samples.entries()) {
    if (sample.failure === 'FAILURE_CLASS_UNSPECIFIED') return `sample ${index} has no failure class`;
    if (!carriesReward.has(sample.failure)) continue;
    if (sample.tokens.length !== sample.logProbs.length)
      return `sample ${index} has ${sample.tokens.length} tokens and ${sample.logProbs.length} log-probs`;
    if (sample.tokens.length === 0) return `sample ${index} is empty`;
    if (sample.given.length > 0 && sample.given.length !== sample.tokens.length)
      return `sample ${index} has ${sample.tokens.length} tokens and ${sample.given.length} marks of given ones`;
    if (!sample.logProbs.every(Number.isFinite)) return `sample ${index} has a log-prob that is not finite`;
  }
  return undefined;
}

/** Packs a group as `agent` sampled it. Void samples keep their index and lose their tokens. */
export function packGroup(group: SampleGroup | null, agent: string): PackedGroup | Unreadable {
  if (!group || group.samples.length === 0) return { unreadable: 'there are no samples' };
  const fault = faultOf(group);
  if (fault) return { unreadable: fault };
  const kept = group.samples.map((sample) => (carriesReward.has(sample.failure) ? sample.tokens.length : 0));
  const size = kept.reduce((sum, length) => sum + length, 0);
  const packed: PackedGroup = {
    version: group.policy?.version ?? 0,
    adapterHash: group.policy?.agent === agent ? group.policy.adapterHash : unattested,
    prompt: Uint32Array.from(group.promptTokens),
    tokens: new Uint32Array(size),
    logProbs: new Float32Array(size),
    ends: new Uint32Array(kept.length),
    ...(group.samples.some(({ given }) => given.includes(true)) && { given: new Uint8Array(size) }),
    ...(group.samples.some(({ toolCalls = 0 }) => toolCalls > 0) && {
      calls: Uint8Array.from(group.samples, ({ toolCalls = 0 }) => Math.min(toolCalls, 255)),
    }),
    valid: Uint8Array.from(group.samples, (sample) => (carriesReward.has(sample.failure) ? 1 : 0)),
    forms: Uint8Array.from(group.samples, (sample) => Math.max(0, rewarded.indexOf(sample.failure))),
  };
  let end = 0;
  for (const [index, sample] of group.samples.entries()) {
    if (packed.valid[index]) {
      packed.tokens.set(sample.tokens, end);
      packed.logProbs.set(sample.logProbs, end);
      packed.given?.set(sample.given.map(Number), end);
    }
    end += kept[index] ?? 0;
    packed.ends[index] = end;
  }
  return packed;
}

/** First and one past the last token of sample `index`. */
export function spanOf(group: PackedGroup, index: number): readonly [number, number] {
  return [index === 0 ? 0 : (group.ends[index - 1] ?? 0), group.ends[index] ?? 0];
}

/** How many tokens of sample `index` the policy sampled. */
export function sampledTokens(group: PackedGroup, index: number): number {
  const [start, end] = spanOf(group, index);
  let tokens = end - start;
  if (group.given) for (let token = start; token < end; token++) tokens -= group.given[token] ?? 0;
  return tokens;
}

/** How many tokens of all its samples the policy sampled, those of void samples left out. */
export function allSampledTokens({ tokens, given }: PackedGroup): number {
  return given ? given.reduce((left, mark) => left - mark, tokens.length) : tokens.length;
}

/** How many tool calls of sample `index` gave a result. Failed ones do not count, so that nothing is earned by calling without sense. */
export function toolCalls(group: PackedGroup, index: number): number {
  return group.calls?.[index] ?? 0;
}

/** Indices of the samples that may carry reward. */
export function validSamples(group: PackedGroup): number[] {
  const indices: number[] = [];
  for (const [index, valid] of group.valid.entries()) if (valid) indices.push(index);
  return indices;
}

/** Samples `indices` of each group, in that order, as one group with the first one's prompt and stamp. */
export function joinGroups(parts: readonly { readonly group: PackedGroup; readonly sample: number }[]): PackedGroup {
  const first = (parts[0] as { readonly group: PackedGroup }).group;
  const spans = parts.map(({ group, sample }) => ({ group, span: spanOf(group, sample) }));
  const size = spans.reduce((sum, { span }) => sum + span[1] - span[0], 0);
  const { given: _given, calls: _calls, ...stamped } = first;
  const joined: PackedGroup = {
    ...stamped,
    ...(parts.some(({ group }) => group.given) && { given: new Uint8Array(size) }),
    ...(parts.some(({ group }) => group.calls) && { calls: Uint8Array.from(parts, ({ group, sample }) => toolCalls(group, sample)) }),
    tokens: new Uint32Array(size),
    logProbs: new Float32Array(size),
    ends: new Uint32Array(parts.length),
    valid: new Uint8Array(parts.length).fill(1),
    forms: Uint8Array.from(parts, ({ group, sample }) => group.forms[sample] ?? 0),
  };
  let end = 0;
  for (const [index, { group, span }] of spans.entries()) {
    joined.tokens.set(group.tokens.subarray(...span), end);
    joined.logProbs.set(group.logProbs.subarray(...span), end);
    if (group.given) joined.given?.set(group.given.subarray(...span), end);
    end += span[1] - span[0];
    joined.ends[index] = end;
  }
  return joined;
}
