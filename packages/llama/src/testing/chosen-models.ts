// What the environment asks of the tests of real models.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** REDQUEEN_WHOLE_MODELS=1 (`npm run test:models`): published shapes with all their layers, which takes minutes. */
export const wholeModels: boolean = process.env['REDQUEEN_WHOLE_MODELS'] === '1';

const projectFolder = fileURLToPath(new URL('../../../../.models', import.meta.url));

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.gguf'))
      .map((file) => join(folder, file));
  } catch {
    return [];
  }
}

/** Model files to try: the one that REDQUEEN_TEST_MODEL names, else those in the project's `.models` folder, which is not part of the project. */
export function chosenModels(): readonly string[] {
  const named = process.env['REDQUEEN_TEST_MODEL'];
  return named === undefined || named === '' ? filesIn(projectFolder) : [named];
}
