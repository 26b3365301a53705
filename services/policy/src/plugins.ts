import type { AnyPlugin } from '@redqueen/core';
import { lineages } from './lineages/index.ts';
import { optimizers } from './optimizers/index.ts';

/** Every plug-in of the policy service. */
export const plugins: readonly AnyPlugin[] = [...optimizers.plugins, ...lineages.plugins];
