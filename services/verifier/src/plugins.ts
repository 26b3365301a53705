import type { AnyPlugin } from '@redqueen/core';
import { verifiers } from './verifiers/index.ts';

/** Every plug-in of the verifier service. */
export const plugins: readonly AnyPlugin[] = verifiers.plugins;
