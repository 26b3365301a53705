import { definePlugin } from '@redqueen/core';
import { z } from 'zod';
import { noFlips } from '../gate/flips.ts';

/** Releases every candidate whose adapter passes the canary. */
export const ungated = definePlugin({
  kind: 'lineage',
  name: 'ungated',
  source: 'the usual training loop, which has no gate',
  about: 'Releases every candidate.',
  options: z.strictObject({}),
  create: () => ({
    name: 'ungated',
    measures: false,
    admit: () => ({ release: true, reason: 'no-gate', flips: noFlips }),
  }),
});
