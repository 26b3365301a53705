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

  /** How many other copies each of the slot's proposals has, in the slot and among the proposals before it. Remembers the slot's. */
  countCopies(slot: string, canonicals: readonly string[]): number[] {
    this.#entries = this.#entries.filter((entry) => entry.slot !== slot);
    const known = new Map<string, number>();
    for (const { canonical } of this.#entries) known.set(canonical, (known.get(canonical) ?? 0) + 1);
    for (const canonical of canonicals) known.set(canonical, (known.get(canonical) ?? 0) + 1);
    const copies = canonicals.map((canonical) => (known.get(canonical) ?? 1) - 1);
    this.#entries = [...this.#entries, ...canonicals.map((canonical) => ({ slot, canonical }))].slice(-capacity);
    return copies;
  }
}

/** The repetition term: min(1, copies / 2), in [0, 1]. Two copies of a proposal elsewhere cost all of it. */
export function repetition(copies: number): number {
  return Math.min(1, copies / 2);
}
