import { randomUUID } from 'node:crypto';
import type { IdSource } from '@redqueen/core';

/** Fresh random ids. */
export const systemIds: IdSource = { next: () => randomUUID() };
