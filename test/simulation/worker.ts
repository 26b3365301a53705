import { breakBuild } from './broken/break.ts';
import type { Range } from './range.ts';

// A process of its own: runs a range of schedules, on a build that is broken on purpose where one is named, and prints what became of it as JSON.

const { broken, ...range } = JSON.parse(process.argv[2] ?? '{}') as Range & { readonly broken?: string };
const requireBroken = broken === undefined ? () => undefined : breakBuild(broken);
const { runRange } = await import('./range.ts');
const result = await runRange(range);
requireBroken();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
