import { clusterShares } from '@redqueen/core';

/** How many proposals are remembered. */
const capacity = 512;

interface Entry {
  readonly slot: string;
  readonly canonical: string;
}

/**
 * The last 512 valid proposals that this process has seen, for the repetition term. Copies within a slot are exact everywhere; what came before is remembered in memory
 * alone, so a replica that handled other slots, or a process that was started anew, counts fewer copies. Handling a slot again counts as handling it once.
 */
export class RecentProposals {
  #entries: Entry[] = [];

  /** The slot's share of likeness: for each of its proposals the share of the newest `window` proposals, the slot's included, that are in its cluster. */
  clusterShares(slot: string, canonicals: readonly string[], { threshold, window }: { threshold: number; window: number }): number[] {
    const before = this.#before(slot).map(({ canonical }) => canonical);
    const room = Math.max(0, window - canonicals.length);
    const compared = [...canonicals, ...(room > 0 ? before.slice(-room) : [])];
    this.#remember(slot, canonicals);
    return clusterShares(compared, threshold).slice(0, canonicals.length);
  }

  #before(slot: string): Entry[] {
    return this.#entries.filter((entry) => entry.slot !== slot);
  }

  #remember(slot: string, canonicals: readonly string[]): void {
    this.#entries = [...this.#before(slot), ...canonicals.map((canonical) => ({ slot, canonical }))].slice(-capacity);
  }

  /** How many other copies each of the slot's proposals has, in the slot and among the proposals before it. Remembers the slot's. */
  countCopies(slot: string, canonicals: readonly string[]): number[] {
    const known = new Map<string, number>();
    for (const { canonical } of this.#before(slot)) known.set(canonical, (known.get(canonical) ?? 0) + 1);
    for (const canonical of canonicals) known.set(canonical, (known.get(canonical) ?? 0) + 1);
    const copies = canonicals.map((canonical) => (known.get(canonical) ?? 1) - 1);
    this.#remember(slot, canonicals);
    return copies;
  }
}
