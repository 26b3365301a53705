import { expect, it } from 'vitest';
import { replayLedger, verifyLedger } from '../../services/reward-aggregator/src/audit/index.ts';
import { generateLedger } from './generate.ts';

// What the ledger of this seed came to when it was made. A release that changes these bits cannot replay older ledgers: say so in its notes.
const golden = {
  run: 'story',
  messages: 2500,
  stream: '9988eb14ff6f81f75b2cdc5fee5a6ee96f30af47efde6a438b65ef31070a7fa7',
  state: 'da52e1ba161479ddf498744886b63c97d0cb5a1e57e4190118ba2d7d3412db6c',
  settlements: 455,
  settlementsDigest: '25d83101178780d9facfb866c6b49cb5c4bb57577301c03ecff38ca6c722951c',
  batches: 263,
  batchesDigest: '64c46344493e9462c89164b8cb05a485486b53345622b64a37890926681e5517',
};

it('an old ledger comes to the same bits, from its first message and from snapshots', async () => {
  const ledger = generateLedger(2500, 1);
  expect(await replayLedger(ledger)).toEqual(golden);
  expect(await replayLedger(ledger, 333)).toEqual(golden);
  expect((await verifyLedger(ledger)).fault).toBeUndefined();
});
