import { contextManagers, memoryStores, type AnyPlugin } from '@redqueen/core';
import { environmentPlugins } from '@redqueen/environments';
import { drivers } from './drivers/index.ts';

/** Every plug-in of the executor service. */
export const plugins: readonly AnyPlugin[] = [
  ...environmentPlugins.plugins,
  ...drivers.plugins,
  ...contextManagers.plugins,
  ...memoryStores.plugins,
];
