import { definePlugin, RedQueenError } from '@redqueen/core';
import { z } from 'zod';
import { attemptOf } from './attempts.ts';

const options = z.strictObject({
  /** Length from which an answer earns −1, in sampled tokens, stop token included. */
  limit: z.int().min(1).default(20_480),
  /** Tokens below the limit over which the penalty grows. */
  buffer: z.int().min(1).default(4096),
});

/** 0 up to limit − buffer tokens, then linearly down to −1 at the limit and beyond. */
export function overlongPenalty(tokens: number, limit: number, buffer: number): number {
  return -Math.min(1, Math.max(0, (tokens - (limit - buffer)) / buffer));
}

/**
 * Executor: soft overlong punishment. An answer that comes near the longest one allowed loses up to 1; without the ramp, answers cut off by the limit are
 * noise in the outcome. Our form: an answer that was cut off earns −1 whatever its length, since families of tasks have limits of their own.
 */
export const overlong = definePlugin({
  kind: 'reward-term',
  name: 'overlong',
  source:
    'Yu et al. 2025 (DAPO, arXiv 2503.14476), equation 13; with 4096 of 20480 tokens in Demystifying agentic RL (Gen-Verse/Open-AgentRL)',
  about: 'Takes up to 1 from the executor for an answer close to the longest one allowed.',
  options,
  create({ limit, buffer }) {
    if (buffer > limit) throw new RedQueenError('invalid_argument', `options of overlong: buffer ${buffer} must not exceed limit ${limit}`);
    return {
      name: 'overlong',
      earner: 'executor',
      teller: undefined,
      range: [-1, 0],
      gate: false,
      closedGate: 0,
      turns: (facts) => facts.attempts,
      formula(facts, turn) {
        const attempt = attemptOf(facts, turn);
        if (attempt?.tokens === undefined) return undefined;
        return attempt.form === 'truncated' ? -1 : overlongPenalty(attempt.tokens, limit, buffer);
      },
    };
  },
});
