import { z } from 'zod';
import { recipeSchema } from './recipe.ts';
import { parseWith } from './schema-errors.ts';

/** The services that tell rewards. Each signs them with a key of its own. */
export const rewardTellers = ['proposer', 'verifier', 'world-model'] as const;

/** A service that tells rewards. */
export type RewardTeller = (typeof rewardTellers)[number];

/** 32 bytes as base64url. */
const publicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be an Ed25519 public key: 43 characters of base64url');

const rewardKeys = z.strictObject({ proposer: publicKey, verifier: publicKey, 'world-model': publicKey });

/** Public keys (Ed25519, base64url) of the services that tell rewards. */
export type RewardKeys = Readonly<z.infer<typeof rewardKeys>>;

/** The schema of a run's record. */
const runRecordSchema = z.strictObject({
  /** The run's id. */
  run: z.string().min(1),
  /** The recipe, every default filled in. */
  recipe: recipeSchema,
  seed: z.int().min(0).max(0xffffffff),
  /** Executor updates after which the run ends. */
  updates: z.int().min(1),
  status: z.enum(['running', 'stopping', 'stopped', 'finished', 'failed']),
  /** Whose signatures count, fixed when the run starts; absent where its rewards are not signed. */
  rewardKeys: rewardKeys.optional(),
  /** Milliseconds since the epoch, for people only. */
  startedAt: z.number(),
  /** Absent while the run goes on. */
  endedAt: z.number().optional(),
  /** Why it failed; absent otherwise. */
  error: z.string().optional(),
});

/** What every service knows of a run: one value in the bucket of runs, under the run's id. */
export type RunRecord = z.infer<typeof runRecordSchema>;

/** The states of a run. A stopped run can be resumed, a finished or failed one cannot. */
export type RunState = RunRecord['status'];

/** The record as JSON text. */
export function encodeRunRecord(record: RunRecord): string {
  return JSON.stringify(record);
}

/** The record that the JSON text holds. Throws `invalid_argument` naming what does not fit. */
export function decodeRunRecord(text: string): RunRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be long and says nothing about the run.
    parsed = undefined;
  }
  return parseWith(runRecordSchema, parsed, 'run record');
}
