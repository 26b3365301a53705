import { pluginRegistry } from '../plugins/index.ts';
import { replay } from './replay.ts';

/** The memory stores that a recipe may name. */
export const memoryStores = pluginRegistry('memory-store', [replay]);
