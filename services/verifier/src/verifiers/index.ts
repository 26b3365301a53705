import { registryOf, type Registry } from '@redqueen/core';
import type { PolicyClient } from '@redqueen/runtime';
import { createJudge } from './judge.ts';
import { truth } from './truth.ts';
import type { Verifier } from './verifier.ts';

/** The verifiers by name. */
export function createVerifiers(policy: PolicyClient): Registry<Verifier> {
  return registryOf('verifier', [createJudge(policy), truth]);
}

export type { Answered, Opinion, Verifier } from './verifier.ts';
