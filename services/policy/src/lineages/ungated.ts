import { noFlips } from '../gate/flips.ts';
import type { Lineage } from './lineage.ts';

/** Releases every candidate whose adapter passes the canary. */
export const ungated: Lineage = {
  name: 'ungated',
  measures: false,
  admit: () => ({ release: true, reason: 'no-gate', flips: noFlips }),
};
