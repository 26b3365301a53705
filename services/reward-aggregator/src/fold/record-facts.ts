import type { Attempts, Predictions, Rejected, Slot, Task, Transitions, Verdict, Verdicts } from '@redqueen/contract';
import { episodeName, isSlotId } from './episode-name.ts';
import { isKnown, openEpisode } from './episodes.ts';
import { executorOf, packActs } from './packed-acts.ts';
import { packGroup, type PackedGroup, joinGroups } from './packed-group.ts';
import type { Judgement, OpenEpisode, Spec } from './state.ts';
import type { Work } from './work.ts';

/** An episode that a message was about, and why it must become void; empty where it need not. */
export interface Recorded {
  readonly episode: OpenEpisode;
  readonly fault: string;
}

/** Most proposals of a slot that are accepted; the recipe allows as many. */
const mostProposals = 64;

/** A slot opens the episodes that it must yield, so that a task that never comes is missed. */
export function recordSlot(work: Work, slot: Slot): void {
  const { state } = work;
  const size = Math.min(slot.proposals, mostProposals);
  if (!isSlotId(slot.slotId) || size === 0 || state.slots.has(slot.slotId)) return;
  let opened = false;
  for (let index = 0; index < size; index++) {
    const before = state.episodes.size;
    openEpisode(state, `${slot.slotId}.${index}`);
    opened ||= state.episodes.size > before;
  }
  if (opened && slot.source !== 'generator') {
    state.slots.set(slot.slotId, { id: slot.slotId, size, proposals: Array.from({ length: size }, () => undefined) });
  }
}

/** A slot's task has an open episode; one that somebody submitted opens its own, with an id that is no slot's. */
function episodeOf(work: Work, task: Task): OpenEpisode | undefined {
  const submitted = task.spec?.origin === 'user' && episodeName(task.taskId).slot === '';
  return submitted ? openEpisode(work.state, task.taskId) : work.state.episodes.get(task.taskId);
}

/** A task: what the episode is about, and the proposal that it came from. */
export function recordTask(work: Work, task: Task): Recorded | undefined {
  const episode = episodeOf(work, task);
  if (!episode || episode.kind !== 'task' || episode.spec) return undefined;
  if (!task.spec) return { episode, fault: 'the task says nothing' };
  const { environment, family, level, canonical, origin } = task.spec;
  episode.spec = { environment, family, level, canonical, origin } satisfies Spec;
  if (origin === 'proposer') {
    const proposal = packGroup(task.proposal, work.rules.roles.proposer.agent);
    if ('unreadable' in proposal) return { episode, fault: `the proposal cannot be read: ${proposal.unreadable}` };
    episode.proposal = proposal;
  } else if (work.state.slots.has(episode.slot)) {
    // The proposal whose place it takes is an episode of its own, and must come.
    openEpisode(work.state, `${task.taskId}/r`);
  }
  return { episode, fault: '' };
}

/** A proposal that is no task. */
export function recordRejected(work: Work, rejected: Rejected): Recorded | undefined {
  const name = episodeName(`${rejected.slotId}.${rejected.index}/r`);
  if (!isKnown(work.state, name)) return undefined;
  const episode = openEpisode(work.state, name.id);
  if (!episode || episode.rejection !== '') return undefined;
  episode.rejection = rejected.reason || 'no reason';
  const proposal = packGroup(rejected.proposal, work.rules.roles.proposer.agent);
  if ('unreadable' in proposal) return { episode, fault: `the proposal cannot be read: ${proposal.unreadable}` };
  episode.proposal = proposal;
  return { episode, fault: '' };
}

/** The attempts at a task. */
export function recordAttempts(work: Work, attempts: Attempts): Recorded | undefined {
  const episode = work.state.episodes.get(attempts.taskId);
  if (!episode || episode.kind !== 'task' || episode.attempts) return undefined;
  if (episode.spec && attempts.spec?.canonical !== episode.spec.canonical) return { episode, fault: 'the attempts are at another task' };
  const agent = executorOf(work.rules, attempts.group?.policy?.agent);
  const group = packGroup(attempts.group, agent);
  if ('unreadable' in group) return { episode, fault: `the attempts cannot be read: ${group.unreadable}` };
  const acts = packActs(work.rules, attempts.acts, group);
  if ('unreadable' in acts) return { episode, fault: `the discussion cannot be read: ${acts.unreadable}` };
  [episode.attempts, episode.attemptedBy, episode.acts] = [group, agent, acts];
  return { episode, fault: '' };
}

/** Executed steps: predictions of them must come. */
export function recordTransitions(work: Work, transitions: Transitions): void {
  const name = episodeName(`${transitions.taskId}/w`);
  if (transitions.transitions.length > 0 && transitions.predictions > 0 && isKnown(work.state, name)) openEpisode(work.state, name.id);
}

/** What the world model predicted. */
export function recordPredictions(work: Work, predictions: Predictions): Recorded | undefined {
  const name = episodeName(`${predictions.taskId}/w`);
  if (!isKnown(work.state, name)) return undefined;
  const episode = openEpisode(work.state, name.id);
  if (!episode || episode.predictions) return undefined;
  const groups: PackedGroup[] = [];
  for (const [index, group] of predictions.groups.entries()) {
    const packed = packGroup(group, work.rules.roles['world-model'].agent);
    if ('unreadable' in packed) return { episode, fault: `prediction ${index} cannot be read: ${packed.unreadable}` };
    groups.push(packed);
  }
  if (groups.length === 0) return { episode, fault: 'there are no predictions' };
  if (groups.some((group) => group.valid.length !== groups[0]?.valid.length))
    return { episode, fault: 'transitions differ in predictions' };
  episode.predictions = groups;
  return { episode, fault: '' };
}

/** The two labels as samples 0 ("y") and 1 ("n"); undefined where the judgement does not hold exactly these. */
function labelsOf(work: Work, verdict: Verdict): PackedGroup | undefined {
  const texts = verdict.judgement?.samples.map((sample) => sample.text) ?? [];
  if (texts.length !== 2 || !texts.includes('y') || !texts.includes('n')) return undefined;
  const packed = packGroup(verdict.judgement, work.rules.roles.verifier.agent);
  if ('unreadable' in packed || packed.valid.includes(0)) return undefined;
  return joinGroups(['y', 'n'].map((label) => ({ group: packed, sample: texts.indexOf(label) })));
}

/** What the verifier's model thinks of the attempts that it judged. */
export function recordVerdicts(work: Work, verdicts: Verdicts): Recorded | undefined {
  const episode = work.state.episodes.get(verdicts.taskId);
  if (!episode || episode.kind !== 'task' || episode.judgements) return undefined;
  const judgements = new Map<number, Judgement>();
  for (const verdict of verdicts.verdicts) {
    const { attempt, confidence, label } = verdict;
    if (!(confidence >= 0 && confidence <= 1)) return { episode, fault: `the confidence in attempt ${attempt} is no probability` };
    if (judgements.has(attempt)) return { episode, fault: `attempt ${attempt} was judged twice` };
    judgements.set(attempt, { attempt, confidence, label: label === 'y' ? 0 : 1, group: labelsOf(work, verdict) });
  }
  episode.judgements = [...judgements.values()].sort((a, b) => a.attempt - b.attempt);
  return { episode, fault: '' };
}
