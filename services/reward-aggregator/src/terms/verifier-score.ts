import { definePlugin, type Turn } from '@redqueen/core';
import { z } from 'zod';

/** Trust in a verifier by its Brier score on hidden anchors: 1 when perfect, 0 when no better than a constant ½. */
export function trustOf(brierScore: number): number {
  return Number.isFinite(brierScore) ? Math.min(1, Math.max(0, 1 - brierScore / 0.25)) : 0;
}

/** T · (2c − 1) for trust T and confidence c, both in [0, 1]: an attempt that was not judged stands where a judgement of ½ would. */
export function verifierScoreOf(trust: number, confidence: number): number {
  return trust * (2 * confidence - 1);
}

/** Executor: what the verifier's model thinks of a judged attempt, as far as the verifier is to be trusted. Follows from the verdicts. */
export const verifierScore = definePlugin({
  kind: 'reward-term',
  name: 'verifier-score',
  source: 'interaction reward of CoMAS (2510.08529), centred, times measured trust',
  about: 'Pays the executor what the verifier’s model thinks of an attempt, as far as the verifier is to be trusted.',
  options: z.strictObject({}),
  create: () => ({
    name: 'verifier-score',
    earner: 'executor',
    teller: undefined,
    range: [-1, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts.filter((attempt) => facts.judgements.some((one) => one.turn === attempt.turn)),
    formula(facts, turn: Turn, evidence) {
      const judgement = facts.judgements.find((one) => one.turn === turn.turn);
      return judgement && verifierScoreOf(evidence.trust, judgement.confidence);
    },
  }),
});
