import type { AnyPlugin } from '@redqueen/core';
import { taskSources } from './sources/index.ts';

/** Every plug-in of the proposer service. */
export const plugins: readonly AnyPlugin[] = taskSources.plugins;
