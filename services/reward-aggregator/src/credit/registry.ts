import { pluginRegistry } from '@redqueen/core';
import { adpo } from './adpo.ts';
import { batchNormalised } from './batch-normalised.ts';
import { consistencyBand } from './consistency-band.ts';
import { expectedPairwise } from './expected-pairwise.ts';
import { groupMeanBatchDeviation } from './group-mean-batch-deviation.ts';
import { groupNormalised } from './group-normalised.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { meanOnly } from './mean-only.ts';
import { rejectSampling } from './reject-sampling.ts';
import { valueResample } from './value-resample.ts';
import { valueSmoothing } from './value-smoothing.ts';

/** The credit assigners that a recipe may name: alone, or as stages of a pipeline. */
export const creditAssigners = pluginRegistry('credit-assigner', [
  groupNormalised,
  groupMeanBatchDeviation,
  batchNormalised,
  leaveOneOut,
  meanOnly,
  expectedPairwise,
  rejectSampling,
  adpo,
  valueResample,
  valueSmoothing,
  consistencyBand,
]);
