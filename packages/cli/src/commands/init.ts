import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { projectFolder } from '@redqueen/runtime';
import { RedQueenError } from '@redqueen/sdk';
import type { Command } from 'commander';
import { execute } from '../command.ts';
import type { CommonOptions } from '../options.ts';

interface InitOptions extends Pick<CommonOptions, 'json'> {
  readonly name?: string;
}

const templateFolder = join(import.meta.dirname, '../../templates/project');

/** The files in which the project's name or Red Queen's folder stands. */
const filled = ['package.json', 'README.md', 'recipe.yaml'];

/** A package name made of a folder's name, or the one that was asked for. Throws `invalid_argument` where that is none. */
function projectName(folder: string, wanted: string | undefined): string {
  const name =
    wanted ??
    basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '');
  if (/^(@[a-z0-9-]+\/)?[a-z0-9][a-z0-9-]*$/.test(name)) return name;
  throw new RedQueenError(
    'invalid_argument',
    `--name: ${JSON.stringify(name)} must be a package name: lower-case letters, digits and hyphens`,
  );
}

/** Throws `already_exists` where the folder holds anything: nothing of anybody's is overwritten. */
function requireEmpty(folder: string): void {
  const held = existsSync(folder) ? readdirSync(folder).filter((name) => name !== '.git') : [];
  if (held.length > 0)
    throw new RedQueenError('already_exists', `${folder} is not empty (it holds ${held.slice(0, 3).join(', ')}); name a new folder`);
}

/** Writes the project's files. */
function writeProject(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(templateFolder, folder, { recursive: true });
  // npm leaves files named .gitignore out of packages, so the template's has another name.
  renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'));
  for (const file of filled) {
    const text = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(folder, file), text.replaceAll('NAME', name).replaceAll('RED_QUEEN', relative(folder, projectFolder)));
  }
}

/** Links Red Queen's packages into the project, without a network. False where npm cannot be run. */
async function install(folder: string): Promise<boolean> {
  const words = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  return promisify(execFile)('npm', words, { cwd: folder }).then(
    () => true,
    () => false,
  );
}

/** `redqueen init [FOLDER]`: a project with an environment of its own and a recipe that trains on it. */
export function addInit(program: Command): void {
  const command = program.command('init').argument('[folder]', 'a new or empty folder', '.');
  command.description('make a project: an environment of your own, and a recipe that trains on it');
  command.option('--name <name>', 'name of its package (default: the folder’s)').option('--json', 'one line of JSON');
  command.addHelpText('after', '\nExample:\n  redqueen init my-agents && cd my-agents && npm start');
  command.action((wanted: string, options: InitOptions) =>
    execute(options, async ({ terminal }) => {
      const folder = resolve(wanted);
      const name = projectName(folder, options.name);
      requireEmpty(folder);
      writeProject(folder, name);
      const installed = await install(folder);
      if (options.json) return terminal.print(JSON.stringify({ folder, name, installed }));
      terminal.print(`Made ${name} in ${folder}: src/index.ts and src/truth.ts are its environment, recipe.yaml trains on it.`);
      if (!installed) terminal.print('npm could not link Red Queen’s packages; run `npm install` in that folder first.');
      terminal.print(`Next:  ${folder === process.cwd() ? '' : `cd ${wanted} && `}npm start`);
    }),
  );
}
