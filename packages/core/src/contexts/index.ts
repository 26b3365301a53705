import { pluginRegistry } from '../plugins/index.ts';
import { linear } from './linear.ts';
import { recall } from './recall.ts';

/** The context managers that a recipe may name. */
export const contextManagers = pluginRegistry('context-manager', [linear, recall]);

export { scopeOf } from './recall.ts';
