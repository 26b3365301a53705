import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { describe, expect, it } from 'vitest';
import { backendFolder, libraryFiles } from '../../packages/llama/src/ffi/libraries.ts';
import { temporaryFolder } from '../runtime/support/folder.ts';
import { missingTools, output, sourceFolder } from './source.ts';
import { trainedAdapter } from './trained-adapter.ts';

const missing = await missingTools(['git', 'c++']);
const modelPath = join(projectFolder, 'config/models/starter.gguf');
const count = 4;

/** Compiles the program against the headers of the release and the libraries that node-llama-cpp ships. */
async function greedyProgram(folder: string): Promise<string> {
  const source = await sourceFolder();
  const program = join(folder, 'greedy');
  const includes = ['include', 'ggml/include'].map((path) => `-I${join(source, path)}`);
  const libraries = [...libraryFiles, `-Wl,-rpath,${backendFolder}`];
  const words = ['-std=c++17', '-O1', `-DGGML_LIBRARIES="${backendFolder}"`, ...includes];
  await output('c++', [...words, join(import.meta.dirname, 'greedy.cpp'), '-o', program, ...libraries]);
  return program;
}

describe.skipIf(missing !== '')(`an exported adapter in stock llama.cpp${missing === '' ? '' : ` (skipped: no ${missing})`}`, () => {
  it('makes it decode what our engine decodes, token by token', async () => {
    const folder = temporaryFolder();
    const wanted = { '37+45=': '99\n', 'rabc=': 'xyz\n', '12+30=': '77\n' };
    const { adapter, answers } = await trainedAdapter({ modelPath, wanted, updates: 30, count });
    const path = join(folder, 'adapter.gguf');
    writeFileSync(path, adapter);
    const program = await greedyProgram(folder);
    const decoded = async (file: string, tokens: readonly number[]): Promise<number[]> =>
      (await output(program, [modelPath, file, String(count), ...tokens.map(String)])).trim().split('\n').map(Number);
    for (const { promptTokens, trained, base } of answers) {
      // Our engine stops at the model's own end; stock llama.cpp is only asked to go on.
      expect((await decoded(path, promptTokens)).slice(0, trained.length)).toEqual(trained);
      expect((await decoded('-', promptTokens)).slice(0, base.length)).toEqual(base);
    }
    expect(answers.some(({ trained, base }) => trained.join() !== base.join())).toBe(true);
  }, 300_000);
});
