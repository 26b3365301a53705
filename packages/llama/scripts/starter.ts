import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RedQueenError } from '@redqueen/core';
import { writeFileWhole } from '@redqueen/llama';
import { lookLine, examTable } from './starter/printing.ts';
import { pretrain } from './starter/pretraining.ts';

const usage = `npm run starter -- [options]: trains the starter model from random weights, deterministic in the seed
  --out FILE      where to write the model (default config/models/starter.gguf)
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
  const out = values.out ?? fileURLToPath(new URL('../../../config/models/starter.gguf', import.meta.url));
  const { file, exam } = await pretrain({
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
