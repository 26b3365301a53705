import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RedQueenError } from '@redqueen/core';
import { writeFileWhole } from '@redqueen/llama';
import { lookLine, examTable } from './starter/printing.ts';
import { pretrain } from './starter/pretraining.ts';
import { skillSets } from './starter/skills.ts';

const usage = `npm run starter -- [options]: trains a starter model, deterministic in the seed
  --mix NAME      plain: the skills of the default recipe; tools: goes on from the plain starter with longer sums, products and
                  calls of a calculator (default plain)
  --out FILE      where to write the model (default config/models/starter.gguf, or starter-tools.gguf)
  --seed N        default 1
  --seconds N     time limit (default 900)
  --threads N     single-threaded lanes (default: all cores)`;

/** A whole number of at least 1 given on the command line. */
function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RedQueenError('invalid_argument', `--${name} must be a whole number from 1, not "${text}"`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mix: { type: 'string', default: 'plain' },
      out: { type: 'string' },
      seed: { type: 'string' },
      seconds: { type: 'string' },
      threads: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const { mix } = values;
  if (mix !== 'plain' && mix !== 'tools') throw new RedQueenError('invalid_argument', `--mix must be plain or tools, not "${mix}"`);
  const modelFile = (name: string): string => fileURLToPath(new URL(`../../../config/models/${name}`, import.meta.url));
  const out = values.out ?? modelFile(mix === 'plain' ? 'starter.gguf' : 'starter-tools.gguf');
  const { file, exam } = await pretrain({
    set: skillSets[mix],
    ...(mix === 'tools' && { from: readFileSync(modelFile('starter.gguf')) }),
    seed: positive('seed', values.seed, 1),
    seconds: positive('seconds', values.seconds, 900),
    threads: positive('threads', values.threads, availableParallelism()),
    now: () => performance.now() / 1000,
    onLook: (look) => console.log(lookLine(look)),
  });
  mkdirSync(dirname(out), { recursive: true });
  writeFileWhole(out, file);
  console.log(`${examTable(exam)}\n${out}: ${file.length} bytes`);
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
