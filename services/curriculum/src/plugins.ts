import type { AnyPlugin } from '@redqueen/core';
import { curricula } from './curricula/index.ts';

/** Every plug-in of the curriculum service. */
export const plugins: readonly AnyPlugin[] = curricula.plugins;
