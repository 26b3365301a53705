import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { expect, it } from 'vitest';
import { refusalReasons } from './refusals.ts';

it('every code of a refusal is in the reference, with its reason, in this order', () => {
  const page = readFileSync(join(projectFolder, 'docs/reference/rewards.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| ([^|]+) \| [^|]+ \|$/gm)].map(([, code, reason]) => [code, reason]);
  expect(rows).toEqual(Object.entries(refusalReasons));
});
