// npm run test:llama-cli: builds llama.cpp's own command line from the source that node-llama-cpp ships (minutes at the first time, kept in the user's cache)
// and compares what it says with an exported adapter (--lora) with what our device says. Raw completion, which was llama-cli's, is llama-completion in this release.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { builtPrograms, missingTools, output } from './source.ts';
import { trainedAdapter } from './trained-adapter.ts';

const count = 4;
const wanted = { '37+45=': '99\n', 'rabc=': 'xyz\n', '12+30=': '77\n' };
const modelPath = join(projectFolder, 'config/models/starter.gguf');
/** Greedy, one thread, keys and values in F32 without flash attention, as our engine computes. */
const plain = [
  '--temp',
  '0',
  '-t',
  '1',
  '-fa',
  'off',
  '-ctk',
  'f32',
  '-ctv',
  'f32',
  '-c',
  '64',
  '--no-warmup',
  '-no-cnv',
  '--no-display-prompt',
];

/** What llama-completion prints when it is done. */
const endMark = '\n\n';
const tries = 20;

/**
 * What the program says to a prompt. Its logger prints from a thread of its own and is not flushed at exit (common_log_main in common/log.cpp), so that
 * now and then the end of what it said is lost; a run without the end mark tells nothing and is made again.
 */
async function said(program: string, prompt: string, adapter: readonly string[]): Promise<string> {
  for (let tried = 0; tried < tries; tried++) {
    const text = await output(program, ['-m', modelPath, ...adapter, '-p', prompt, '-n', String(count), ...plain]);
    if (text.endsWith(endMark)) return text.slice(0, -endMark.length);
  }
  throw new Error(`llama-completion did not print all that it said to ${prompt} in ${tries} runs`);
}

const missing = await missingTools(['git', 'cmake', 'c++']);
if (missing !== '') {
  console.log(`skipped: ${missing} missing`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'redqueen-llama-cli-'));
try {
  console.log('building llama-completion, which takes minutes at the first time');
  const program = join(await builtPrograms(['llama-completion']), 'llama-completion');
  const { adapter, answers } = await trainedAdapter({ modelPath, wanted, updates: 30, count });
  const path = join(folder, 'adapter.gguf');
  writeFileSync(path, adapter);
  for (const { text, trainedText } of answers) {
    const [trained, base] = [await said(program, text, ['--lora', path]), await said(program, text, [])];
    const equal = trained === trainedText && trained !== base;
    if (!equal) process.exitCode = 1;
    console.log(JSON.stringify({ prompt: text, ours: trainedText, stock: trained, base, verdict: equal ? 'equal' : 'different' }));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
