import type { RunRecord } from '@redqueen/core';
import { crossPlayId, openTurns } from '../projection/cross-play.ts';
import type { Projection } from '../projection/projection.ts';
import type { AnchorTell } from './anchors.ts';

/** Proposals for each (family, level) and proposer version. */
const proposalsPerArm = 4;
/** The matrix is for looking at: a run ends without the cells that are not there by then. */
export const crossPlayPatienceMs = 60_000;
/** Versions this close to the last are still kept whatever their number (see the policy service's retention), as is every tenth. */
const surelyKept = 4;
const keptInterval = 10;

/** Versions of an agent that can still be asked, up to the one that the final look measured. */
function keptVersions(projection: Projection, agent: string): number[] {
  const last = projection.heldOut.looks.get(agent)?.at(-1)?.version ?? 0;
  const released = (projection.lineages.agents.get(agent)?.marks ?? []).filter(({ event }) => event !== 'refused');
  const kept = released
    .map(({ version }) => version)
    .filter((version) => version < last && (version % keptInterval === 0 || version >= last - surelyKept));
  return [...new Set([0, ...kept, last])].sort((a, b) => a - b);
}

/** As many of the versions as wanted, evenly spread, the first and the last among them. */
export function spread(versions: readonly number[], wanted: number): number[] {
  const first = versions[0] ?? 0;
  const last = versions.at(-1) ?? first;
  const aims = Array.from({ length: wanted }, (_, index) => first + ((last - first) * index) / Math.max(1, wanted - 1));
  const nearest = (aim: number) =>
    versions.reduce((best, version) => (Math.abs(version - aim) < Math.abs(best - aim) ? version : best), first);
  return [...new Set(aims.map(nearest))];
}

/**
 * What is still to be asked, once the final look was answered: the tasks of each chosen proposer version, for each chosen executor version. Once it was
 * asked, nothing more is: a version that was released meanwhile does not change the matrix.
 */
export function crossPlayTells(record: RunRecord, projection: Projection): AnchorTell[] {
  const wanted = record.recipe.report.crossPlay;
  const proposers = spread(keptVersions(projection, 'proposer/0'), wanted);
  const opponents = spread(keptVersions(projection, 'executor/0'), wanted);
  const asked = new Set([...projection.crossPlay.requests.values()].map(({ proposer }) => proposer));
  const purpose = 'ANCHOR_PURPOSE_CROSS_PLAY' as const;
  return proposers
    .filter((version) => !asked.has(version))
    .map((version) => {
      const [id, agent, replyTo] = [crossPlayId(record.run, version), 'proposer/0', { role: 'gateway', key: '0' }];
      const body = { anchorId: id, agent, version, purpose, perArm: proposalsPerArm, sampled: true, replyTo, opponents };
      return { id, agent, body };
    });
}

/** Whether nothing of the matrix is waited for any more: all is answered, or it took too long. */
export function crossPlayDone(projection: Projection, now: number): boolean {
  const { crossPlay } = projection;
  const newest = Math.max(0, ...[...crossPlay.requests.values()].map(({ askedAt }) => askedAt));
  return openTurns(crossPlay).length === 0 || now - newest >= crossPlayPatienceMs;
}
