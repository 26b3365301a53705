import { pluginRegistry } from '@redqueen/core';
import { judge } from './judge.ts';
import { majority } from './majority.ts';
import { peer } from './peer.ts';
import { truth } from './truth.ts';

/** The verifiers that a recipe may name. */
export const verifiers = pluginRegistry('verifier', [truth, majority, judge, peer]);
