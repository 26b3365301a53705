import type { Message, SampleGroup } from '@redqueen/contract';

/** What policies of a role sampled in one message. */
export interface Sampled {
  readonly role: 'executor' | 'proposer' | 'world-model';
  readonly groups: readonly (SampleGroup | null)[];
}

/** What was sampled in a message: attempts and what peers said of them, proposals, predictions. Anchors are measurement, and the verifier's labels are weighed, not sampled. */
export function sampledIn(message: Message): Sampled | undefined {
  switch (message.kind) {
    case 'task':
    case 'rejected':
      return { role: 'proposer', groups: [message.body.proposal] };
    case 'attempts':
      return { role: 'executor', groups: [message.body.group, ...message.body.acts.map(({ group }) => group)] };
    case 'predictions':
      return { role: 'world-model', groups: message.body.groups };
    default:
      return undefined;
  }
}

/** How many of a list's tokens a policy sampled: those that it was given, e.g. a tool's output, do not count. */
export function sampledCount({ tokens, given }: { readonly tokens: readonly number[]; readonly given: readonly boolean[] }): number {
  return given.reduce((left, mark) => (mark ? left - 1 : left), tokens.length);
}

/** Tokens that were sampled in these groups. */
export function sampledTokensIn({ groups }: Sampled): number {
  return groups.flatMap((group) => group?.samples ?? []).reduce((sum, sample) => sum + sampledCount(sample), 0);
}
