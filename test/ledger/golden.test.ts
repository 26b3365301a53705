import { expect, it } from 'vitest';
import { replayLedger, verifyLedger } from '../../services/reward-aggregator/src/audit/index.ts';
import { generateLedger } from './generate.ts';

// What the ledger of this seed came to when it was made. A release that changes these bits cannot replay older ledgers: say so in its notes.
const golden = {
  run: 'story',
  messages: 2500,
  stream: '0ead3b26afb0073bcee4fa0cf521e3ed1a1e60ff63b3f0d77a8bc1347f71d4fc',
  state: 'da52e1ba161479ddf498744886b63c97d0cb5a1e57e4190118ba2d7d3412db6c',
  settlements: 455,
  settlementsDigest: '3d8747adb4925fa3e0620bff9405930994d4a13a5e723ba143fbf90b66309672',
  batches: 263,
  batchesDigest: 'b31694c19ea0c5f4b372527bdeb06aec460d3f33b7d1b1d880c18088b7b3c562',
};

it('an old ledger comes to the same bits, from its first message and from snapshots', async () => {
  const ledger = generateLedger(2500, 1);
  expect(await replayLedger(ledger)).toEqual(golden);
  expect(await replayLedger(ledger, 333)).toEqual(golden);
  expect((await verifyLedger(ledger)).fault).toBeUndefined();
});
