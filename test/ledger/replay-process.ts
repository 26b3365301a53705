// One process's replays of a ledger in a file: FILE SNAPSHOT_EVERY…, 0 for none. Prints, a line each, what it comes to and the seconds that it took.
import { readFileSync } from 'node:fs';
import { replayLedger } from '../../services/reward-aggregator/src/audit/index.ts';
import { recordWith } from '../../services/reward-aggregator/src/test-support.ts';
import { entriesIn } from './file.ts';

const [file = '', ...everies] = process.argv.slice(2);
for (const every of everies.map(Number)) {
  const from = performance.now();
  const replay = await replayLedger({ record: recordWith(), entries: () => entriesIn(readFileSync(file)) }, every || undefined);
  console.log(JSON.stringify({ node: process.version, seconds: Number(((performance.now() - from) / 1000).toFixed(2)), replay }));
}
