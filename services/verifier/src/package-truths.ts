import type { Recipe } from '@redqueen/core';
import { admitTruths, truthByName } from '@redqueen/environments/truth';
import { loadTruths } from '@redqueen/runtime';

/** Makes the truths of a recipe's packages known. Throws `invalid_argument` where a package brings an environment and no list of truths. */
export async function loadPackageTruths({ plugins }: Recipe): Promise<void> {
  for (const { name, truths } of await loadTruths(plugins)) admitTruths(name, truths);
}

/** Throws `not_found` for an environment that nobody can judge, before the first answer comes. */
export function requireTruths({ environments }: Recipe): void {
  for (const { use } of environments) truthByName(use);
}
