import type { AnyPlugin } from '@redqueen/core';
import { monitors } from './monitors/registry.ts';

/** Every plug-in of the gateway. */
export const plugins: readonly AnyPlugin[] = monitors.plugins;
