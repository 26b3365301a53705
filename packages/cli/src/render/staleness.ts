import type { RunReport } from '@redqueen/sdk';
import { textTable } from './text-table.ts';

/** What a run's ledger says of the age of its training samples, over all agents. */
export interface StalenessSummary {
  /** The recipe's maxStaleness, in releases. */
  readonly bound: number;
  /** Samples that were trained on, and those of them that were older than the bound. */
  readonly samples: number;
  readonly beyond: number;
  /** Share of the samples within the bound; 1 where there is none. */
  readonly share: number;
  readonly largest: number;
  readonly agents: RunReport['staleness']['trained'];
}

/** Adds up the agents. A report that was written before these were counted has none. */
export function stalenessSummary({ bound = 0, trained = [] }: Partial<RunReport['staleness']>): StalenessSummary {
  const sum = (of: (agent: (typeof trained)[number]) => number): number => trained.reduce((total, agent) => total + of(agent), 0);
  const [samples, beyond] = [sum((agent) => agent.samples), sum((agent) => agent.beyond)];
  const largest = Math.max(0, ...trained.map((agent) => agent.largest));
  return { bound, samples, beyond, share: samples === 0 ? 1 : (samples - beyond) / samples, largest, agents: trained };
}

/** "100 % of 8064 trained samples within 1 release (at most 1)". A share that is not 1 is never rounded up to it. */
export function stalenessLine({ bound, samples, share, largest }: StalenessSummary): string {
  const percent = share === 1 ? '100' : (Math.floor(share * 10_000) / 100).toFixed(2);
  return `${percent} % of ${samples} trained samples within ${bound} release${bound === 1 ? '' : 's'} (at most ${largest})`;
}

/** A line an agent: samples by age, and what was left out where. */
export function stalenessTable({ agents, largest }: StalenessSummary): string[] {
  const ages = Array.from({ length: largest + 1 }, (_, age) => age);
  const rows = agents.map((agent) => [
    agent.agent,
    ...[agent.samples, ...ages.map((age) => agent.histogram[age] ?? 0), agent.beyond, agent.leftOut, agent.dropped, agent.unused].map(
      String,
    ),
  ]);
  const head = ['agent', 'trained', ...ages.map((age) => `age ${age}`), 'beyond', 'left out', 'dropped', 'unused'];
  return textTable(
    head,
    rows,
    head.map((_, column) => (column === 0 ? 'left' : 'right')),
  );
}
