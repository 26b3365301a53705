import { pluginRegistry } from '@redqueen/core';
import { discussion } from './discussion/discussion.ts';
import { plan } from './plan.ts';
import { react } from './react/react.ts';
import { stepwise } from './stepwise.ts';

/** The rollout drivers that a recipe may name. */
export const drivers = pluginRegistry('rollout-driver', [plan, discussion, react, stepwise]);
