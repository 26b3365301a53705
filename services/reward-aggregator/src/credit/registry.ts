import { pluginRegistry } from '@redqueen/core';
import { expectedPairwise } from './expected-pairwise.ts';
import { groupMeanBatchDeviation } from './group-mean-batch-deviation.ts';
import { groupNormalised } from './group-normalised.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { meanOnly } from './mean-only.ts';

/** The credit assigners that a recipe may name. */
export const creditAssigners = pluginRegistry('credit-assigner', [
  groupNormalised,
  groupMeanBatchDeviation,
  leaveOneOut,
  meanOnly,
  expectedPairwise,
]);
