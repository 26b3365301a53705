import type { PackedGroup } from '../fold/packed-group.ts';
import type { ReleasedVersion } from '../fold/state.ts';

/**
 * Whether a group may still teach. `fresh`: at most `maxStaleness` releases old. `stale`: older. `refused`: no released version has that number and
 * that adapter. `early`: of a version newer than any release told so far, which is served before the news of it is stored.
 */
export type Standing = 'fresh' | 'stale' | 'refused' | 'early';

/** How a group stands against the agent's released versions, oldest first. */
export function standingOf(group: PackedGroup, versions: readonly ReleasedVersion[] | undefined, maxStaleness: number): Standing {
  const newest = versions?.at(-1);
  if (!versions || !newest) return 'early';
  const place = versions.findLastIndex((one) => one.version === group.version && one.adapterHash === group.adapterHash);
  if (place >= 0) return versions.length - 1 - place <= maxStaleness ? 'fresh' : 'stale';
  const highest = versions.reduce((most, one) => Math.max(most, one.version), 0);
  return group.version > highest ? 'early' : 'refused';
}
