import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StockOutcome } from '../../../packages/llama/src/testing/stock-loader.ts';

const program = join(import.meta.dirname, '../../../packages/llama/src/testing/stock-loader.ts');

/** What stock llama.cpp does with each file when nothing looks at it first; "died" with the signal or exit code that ended the process. */
export async function stockOutcomes(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  modelPath: string,
  folder: string,
): Promise<ReadonlyMap<string, StockOutcome | `died: ${string}`>> {
  const outcomes = new Map<string, StockOutcome | `died: ${string}`>();
  let child: ChildProcess | undefined;
  const path = join(folder, 'crafted.gguf');
  for (const { name, bytes } of files) {
    writeFileSync(path, bytes);
    // What ggml prints before it aborts is expected here.
    child ??= fork(program, [modelPath], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
    const outcome = await outcomeOf(child, path);
    outcomes.set(name, outcome);
    if (outcome.startsWith('died')) child = undefined;
  }
  child?.disconnect();
  rmSync(path, { force: true });
  return outcomes;
}

async function outcomeOf(child: ChildProcess, path: string): Promise<StockOutcome | `died: ${string}`> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const answered = once(child, 'message', { signal }).then(([outcome]) => outcome as StockOutcome);
    const died = once(child, 'exit', { signal }).then(([code, killed]) => `died: ${killed ?? `exit code ${code}`}` as const);
    child.send(path);
    return await Promise.race([answered, died]);
  } finally {
    over.abort();
  }
}
