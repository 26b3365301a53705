import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClaimRecord } from '../claim/record.ts';

/** What a claim came to when it was run last; undefined where it was not recorded. */
export function readRecord(folder: string, claim: string): ClaimRecord | undefined {
  const file = join(folder, `${claim}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ClaimRecord) : undefined;
}

/** The verdict in words for a list: what was recorded, and whether that is still about the recipe as it is. */
export function standing(record: ClaimRecord | undefined, version: string, claims: boolean): string {
  if (!claims) return 'makes no claim';
  if (!record) return 'not run';
  if (record.recipe !== version) return `not run since it was changed (${record.date}: ${record.verdict})`;
  return record.changed ? `${record.verdict} (in part: ${Object.keys(record.changed).join(', ')})` : record.verdict;
}
