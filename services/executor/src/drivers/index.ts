import { registryOf } from '@redqueen/core';
import { plan } from './plan.ts';
import { stepwise } from './stepwise.ts';

/** The drivers by name. */
export const drivers = registryOf('rollout driver', [plan, stepwise]);

export type { AttemptPlan, RolloutDriver } from './driver.ts';
export { plan } from './plan.ts';
