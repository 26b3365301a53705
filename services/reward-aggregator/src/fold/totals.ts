import type { EpisodeFacts, Evidence, TrainedRole, Turn } from '@redqueen/core';
import type { RoleRules, WeightedTerm } from '../rules.ts';

/** What an agent's turns earned in an episode, in the order of their turns. */
export interface Totals {
  readonly agent: string;
  readonly turns: readonly number[];
  readonly totals: readonly number[];
}

/** The role's turns in an episode. */
function turnsOf(facts: EpisodeFacts, role: TrainedRole): readonly Turn[] {
  switch (role) {
    case 'executor':
      return [...facts.attempts, ...(facts.acts ?? []).filter(({ kind }) => kind !== 'solution')];
    case 'proposer':
      return facts.proposals;
    case 'verifier':
      return facts.judgements;
    case 'world-model':
      return facts.predictions;
  }
}

function valueOf({ term }: WeightedTerm, facts: EpisodeFacts, turn: Turn, evidence: Evidence): number | undefined {
  return term.teller ? evidence.value(term.name, turn) : term.formula(facts, turn, evidence);
}

/** Whether a term counts: every earlier term that it names passed, by earning the turn more than 0. */
function passes({ after }: WeightedTerm, earned: ReadonlyMap<string, number>): boolean {
  return after.every((name) => (earned.get(name) ?? 0) > 0);
}

/**
 * Σ weight · value over the terms that the turn earned and that no earlier term shuts out, at least the highest floor of them; unless a gate is closed:
 * then the gate alone says what the turn earns.
 */
function totalOf(terms: readonly WeightedTerm[], facts: EpisodeFacts, turn: Turn, evidence: Evidence): number {
  const earned = new Map<string, number>();
  let total = 0;
  let floor = Number.NEGATIVE_INFINITY;
  for (const weighted of terms) {
    const value = valueOf(weighted, facts, turn, evidence);
    if (value === undefined || !passes(weighted, earned)) continue;
    if (weighted.term.gate && value === 0) return weighted.term.closedGate;
    earned.set(weighted.term.name, value);
    floor = Math.max(floor, weighted.term.floor ?? floor);
    total += weighted.weight * value;
  }
  return Math.max(floor, total);
}

/** The totals of one agent in an episode; undefined where it took no turn. */
export function totalsOf(rules: RoleRules, facts: EpisodeFacts, evidence: Evidence): Totals | undefined {
  const own = turnsOf(facts, rules.role).filter(({ agent }) => agent === rules.agent);
  const turns = own.sort((a, b) => a.turn - b.turn);
  if (turns.length === 0) return undefined;
  return {
    agent: rules.agent,
    turns: turns.map(({ turn }) => turn),
    totals: turns.map((turn) => totalOf(rules.terms, facts, turn, evidence)),
  };
}
