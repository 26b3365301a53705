import { poolOf } from '../batches/tell-batches.ts';
import { joinGroups } from './packed-group.ts';
import type { OpenEpisode, OpenSlot, Proposal } from './state.ts';
import type { Work } from './work.ts';

/** Whether the episode decides what its proposal earned: a generated task says nothing of the proposal whose place it took. */
function decides(episode: OpenEpisode): boolean {
  if (episode.kind === 'rejected') return true;
  return episode.kind === 'task' && (!episode.spec || episode.spec.origin === 'proposer');
}

/** The slot's comparison group: every proposal that has a total, of the version that sampled the first of them. */
function handOver(work: Work, slot: OpenSlot): void {
  const { proposer } = work.rules.roles;
  const compared = slot.proposals.filter((one): one is Proposal => one !== null && one !== undefined);
  const [first] = compared;
  if (!proposer.trains || !first) return;
  const pool = poolOf(work, proposer.agent);
  const same = compared.filter(({ group }) => group.version === first.group.version && group.adapterHash === first.group.adapterHash);
  // Proposals of one slot are sampled together; others come from a crash half-way and cannot be compared.
  pool.refused += compared.length - same.length;
  const group = joinGroups(same.map((one) => ({ group: one.group, sample: 0 })));
  const totals = same.map(({ total }) => total);
  pool.queue.push({
    id: slot.id,
    digests: same.map(({ digest }) => digest),
    size: same.length,
    group,
    samples: same.map((_, index) => index),
    totals,
    rewards: totals,
    tokens: group.tokens.length,
  });
}

/** Notes what became of an episode's proposal; the last one of its slot completes the proposer's comparison group. */
export function decideProposal(work: Work, episode: OpenEpisode, total: number | undefined, digest: string): void {
  const slot = work.state.slots.get(episode.slot);
  if (!slot || !decides(episode) || slot.proposals[episode.index] !== undefined || episode.index >= slot.size) return;
  const { proposal } = episode;
  const counts = total !== undefined && proposal?.valid[0] === 1;
  slot.proposals[episode.index] = counts ? { digest, total, group: proposal } : null;
  if (slot.proposals.includes(undefined)) return;
  work.state.slots.delete(slot.id);
  handOver(work, slot);
}
