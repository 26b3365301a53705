import { parseWith } from '@redqueen/core';
import { z } from 'zod';

const none = z.strictObject({});

/** Refuses options of a plug-in that has none. Throws `invalid_argument` naming the unknown key. */
export function requireNoOptions(plugin: string, options: unknown): void {
  parseWith(none, options, `options of ${plugin}`);
}
