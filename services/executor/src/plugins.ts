import { contextManagers, memoryStores, type AnyPlugin } from '@redqueen/core';
import { drivers } from './drivers/index.ts';

/** Every plug-in of the executor service. */
export const plugins: readonly AnyPlugin[] = [...drivers.plugins, ...contextManagers.plugins, ...memoryStores.plugins];
