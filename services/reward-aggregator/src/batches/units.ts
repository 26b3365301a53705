import type { EpisodeFacts, Evidence } from '@redqueen/core';
import { spanOf, validSamples } from '../fold/packed-group.ts';
import type { OpenEpisode } from '../fold/state.ts';
import type { Totals } from '../fold/totals.ts';
import type { Unit } from './pool.ts';

/** A unit before its settlement has a digest. */
export type UnitDraft = Omit<Unit, 'digests'>;

/** A judgement with what became of the attempt, and which of the two labels the verdict was. */
export interface JudgedDraft {
  readonly unit: UnitDraft;
  readonly right: boolean;
  readonly turn: number;
  readonly label: number;
}

/** The world model's units: one a transition, in order. */
export function worldModelUnits(episode: OpenEpisode, totals: Totals): UnitDraft[] {
  let start = 0;
  return (episode.predictions ?? []).map((group, transition) => {
    const samples = validSamples(group);
    const own = totals.totals.slice(start, start + samples.length);
    start += samples.length;
    return { id: `${episode.id}#${transition}`, size: 1, group, samples, totals: own, rewards: own, tokens: group.tokens.length };
  });
}

/** The verifier's units: one a judged attempt. The right label's total is 1, the other's 0. */
export function verifierUnits(episode: OpenEpisode, facts: EpisodeFacts, evidence: Evidence, totals: Totals): JudgedDraft[] {
  const drafts: JudgedDraft[] = [];
  for (const { attempt, label, group } of episode.judgements ?? []) {
    const place = totals.turns.indexOf(attempt);
    const outcome = facts.attempts.find((one) => one.turn === attempt);
    if (!group || place < 0 || !outcome) continue;
    const right = (evidence.value('outcome', outcome) ?? 0) >= 0.5;
    const [start, end] = spanOf(group, 0);
    const unit: UnitDraft = {
      id: `${episode.id}#${attempt}`,
      size: 1,
      group,
      samples: [0, 1],
      totals: right ? [1, 0] : [0, 1],
      rewards: [totals.totals[place] ?? 0],
      // One forward pass weighs both labels; it costs what sampling one of them would.
      tokens: end - start,
    };
    drafts.push({ unit, right, turn: attempt, label });
  }
  return drafts;
}
