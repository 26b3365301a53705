import type { Settlement } from '@redqueen/contract';
import type { TrainedRole } from '@redqueen/core';
import { agents } from '@redqueen/runtime';
import { settlementDigest } from '../../../services/reward-aggregator/src/fold/digest.ts';
import type { Scene } from '../schedule.ts';
import { toldBy, type Stream } from './stream.ts';

/** What a run settles when nothing goes wrong, by episode. */
export type Oracle = ReadonlyMap<string, string>;

/** Agents whose turns follow from the task alone. Which attempts are judged and which steps are predicted is drawn by message ids, which name their causes. */
const foreseeable: readonly string[] = [agents.executor, agents.proposer];

/** What a settlement says that every schedule must say alike: neither its place in the chain, nor advantages, which may be those of another batch. */
function contentOf({ episodeId, status, reason, spec, totals, attempts, solved, slotId }: Settlement): string {
  const earned = totals
    .filter(({ agent }) => foreseeable.includes(agent))
    .map(({ agent, turns, totals: values }) => [agent, turns, values]);
  return JSON.stringify([episodeId, slotId, status, reason, spec, earned, attempts, solved]);
}

/** Every total is the reward that was told first for that turn: nothing is added twice, nothing that is missing counts as zero. */
function checkTotals({ witness, record }: Scene, stream: Stream, settlements: readonly Settlement[]): void {
  const told = new Map<string, number>();
  for (const { message } of stream.firsts) {
    if (message.kind !== 'rewards') continue;
    for (const { agent, turn, term, value } of message.body.rewards) {
      const key = `${message.body.episodeId} ${agent} ${turn} ${term}`;
      if (!told.has(key)) told.set(key, value);
    }
  }
  for (const { episodeId, totals } of settlements) {
    for (const { agent, turns, totals: values } of totals) {
      const [reward] = record.recipe.roles[agent.slice(0, agent.indexOf('/')) as TrainedRole].rewards;
      for (const [place, turn] of turns.entries()) {
        const value = told.get(`${episodeId} ${agent} ${turn} ${reward?.use}`);
        if (value === undefined || Math.abs(value * (reward?.weight ?? 0) - (values[place] ?? Number.NaN)) > 1e-9)
          witness.violate('settled right', `episode ${episodeId}: ${agent} turn ${turn} has ${values[place]}, told was ${value}`);
      }
    }
  }
}

/** The settlements of a stream as an oracle for others. */
export function oracleOf(stream: Stream): Oracle {
  return new Map(toldBy(stream, 'reward-aggregator/0', 'settlement').map(({ body }) => [body.episodeId, contentOf(body)]));
}

/** Every expected episode is settled once, with the rewards that a fault-free run gives it, in one unbroken chain. */
export function checkLedger(scene: Scene, stream: Stream, oracle: Oracle): void {
  const { witness } = scene;
  const settlements = toldBy(stream, 'reward-aggregator/0', 'settlement').map(({ body }) => body);
  checkChain(settlements, (what) => witness.violate('chain', what));
  checkTotals(scene, stream, settlements);
  const seen = new Set<string>();
  for (const settlement of settlements) {
    const { episodeId } = settlement;
    const expected = oracle.get(episodeId);
    if (seen.has(episodeId)) witness.violate('settled once', `episode ${episodeId} is settled twice`);
    seen.add(episodeId);
    if (expected === undefined) witness.violate('settled once', `episode ${episodeId} is settled, which no run without faults has`);
    else if (expected !== contentOf(settlement))
      witness.violate('settled right', `episode ${episodeId}: ${contentOf(settlement)} instead of ${expected}`);
  }
  for (const episode of oracle.keys()) if (!seen.has(episode)) witness.violate('settled once', `episode ${episode} was never settled`);
}

function checkChain(settlements: readonly Settlement[], broken: (what: string) => void): void {
  let previous = '';
  for (const [place, settlement] of settlements.entries()) {
    if (settlement.index !== place + 1) return broken(`settlement ${place + 1} has index ${settlement.index}`);
    if (settlement.previousDigest !== previous) return broken(`settlement ${place + 1} does not name the digest before it`);
    if (settlement.digest !== settlementDigest(settlement)) return broken(`settlement ${place + 1} does not have its digest`);
    previous = settlement.digest;
  }
}
