import { RedQueenError } from '@redqueen/core';
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../nats-server/find.ts';
import { type Environment, processEnvironment } from './environment.ts';

const magic = 'GGUF';

function beginsWithMagic(file: string): boolean {
  const start = Buffer.alloc(magic.length);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, start) === magic.length && start.toString('latin1') === magic;
  } finally {
    closeSync(descriptor);
  }
}

/** Names of the models in a folder, without .gguf, in order; none where there is no such folder. */
export function modelNames(folder: string): string[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.gguf')) : [];
  return files.map((name) => name.slice(0, -'.gguf'.length)).toSorted();
}

/** Whether a model is named by where it comes from: `hf:user/repo/file.gguf` or an http(s) URL. */
export function isModelAddress(name: string): boolean {
  return /^(hf:|https?:\/\/)/.test(name);
}

/** Where `redqueen models pull` puts the model of an address: the cache, under the address in characters that a file name can have. */
export function pulledModelFile(address: string, environment: Environment = processEnvironment()): string {
  const name = address
    .replace(/\.gguf$/, '')
    .replaceAll('/', '--')
    .replaceAll(':', '~')
    .replaceAll(/[^\w.~-]/g, '_');
  return join(cacheFolder(environment), 'models', `${name}.gguf`);
}

/**
 * What recipes call the models in that cache, in order: an address that leads to each. Where a file's name does not say which of several it came from
 * (the cache's names have fewer characters than addresses), it is one of them. A file that no pull put there is called by its path.
 */
export function pulledModelNames(environment: Environment = processEnvironment()): string[] {
  const folder = join(cacheFolder(environment), 'models');
  return modelNames(folder).map((name) => {
    const address = name.replaceAll('--', '/').replaceAll('~', ':');
    const hasFile = !/^hf:[^/]+\/[^/:]+:[^/]+$/.test(address);
    return isModelAddress(address) ? `${address}${hasFile ? '.gguf' : ''}` : join(folder, `${name}.gguf`);
  });
}

function pulled(address: string): string {
  const file = pulledModelFile(address);
  if (!existsSync(file))
    throw new RedQueenError('not_found', `model ${address} is not on this machine; fetch it with: redqueen models pull ${address}`);
  return file;
}

/**
 * The absolute path of a base model: a name in the models folder (with or without .gguf), a path, or the address of one that was pulled.
 * Throws `not_found` with the known names, `invalid_argument` where the file is no GGUF.
 */
export function modelFile(nameOrPath: string, folder: string): string {
  if (isModelAddress(nameOrPath)) return pulled(nameOrPath);
  const inFolder = [nameOrPath, `${nameOrPath}.gguf`].map((name) => join(folder, name));
  const file = [...inFolder, resolve(nameOrPath)].find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  if (file === undefined) {
    throw new RedQueenError(
      'not_found',
      `model ${JSON.stringify(nameOrPath)} is neither in ${folder} (known: ${modelNames(folder).join(', ') || 'none'}) nor a file`,
    );
  }
  if (!beginsWithMagic(file)) {
    throw new RedQueenError(
      'invalid_argument',
      `model file ${file} is no GGUF: it does not begin with "${magic}"; check \`model\` in the recipe`,
    );
  }
  return file;
}
