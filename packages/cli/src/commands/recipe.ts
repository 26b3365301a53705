import { recipeJsonSchema } from '@redqueen/core';
import { loadConfig, projectFolder } from '@redqueen/runtime';
import type { Command } from 'commander';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { execute, type CommandContext } from '../command.ts';
import { knownPlugins } from '../launch/known-plugins.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';
import { exitCodes } from '../exit-codes.ts';
import { checkRecipe } from '../recipes/check.ts';
import { differences } from '../recipes/differences.ts';
import { allRecipes, armRecipe, namedRecipe, readRecipe } from '../recipes/recipe-folder.ts';
import { readRecord, standing } from '../recipes/records.ts';
import { textTable } from '../render/text-table.ts';

/** Where `redqueen claim --record` keeps results. */
const claimsFolder = join(projectFolder, 'docs/claims');

interface ShowOptions extends CommonOptions {
  readonly arm?: string;
}

/** A command that reads recipes and needs no cluster. */
function reading(program: Command, name: string, description: string): Command {
  const command = program.command(name).description(description);
  for (const option of clusterOptions().filter(({ long }) => long === '--config' || long === '--json')) command.addOption(option);
  return command;
}

type Work<Options> = (context: CommandContext, folder: string, options: Options) => Promise<void> | void;

function withFolder<Options extends CommonOptions>(options: Options, work: Work<Options>): Promise<void> {
  return execute(options, async (context) => work(context, loadConfig({ file: options.config }).config.recipesFolder, options));
}

function addList(recipe: Command): void {
  reading(recipe, 'list', 'all recipes: paper, what each claims, what came of it').action((options: CommonOptions) =>
    withFolder(options, ({ terminal }, folder) => {
      const rows = allRecipes(folder).map(({ recipe: { name, paper, claim, description }, version }) => ({
        name,
        paper,
        headline: claim?.headline ?? description,
        standing: standing(readRecord(claimsFolder, name), version, claim !== undefined),
      }));
      if (options.json) return terminal.print(JSON.stringify(rows));
      const cells = rows.map((row) => [row.name, row.paper === undefined ? '' : String(row.paper), row.standing, row.headline]);
      for (const line of textTable(['recipe', 'paper', 'claim', 'headline'], cells, ['left', 'right', 'left', 'left']))
        terminal.print(line);
    }),
  );
}

function addShow(recipe: Command): void {
  reading(recipe, 'show', 'a recipe with every default filled in, as YAML')
    .argument('<recipe>', 'name in config/recipes, or a file; NAME@ARM is an arm of its claim')
    .option('--arm <name>', 'as that arm of its claim runs it')
    .action((name: string, options: ShowOptions) =>
      withFolder(options, ({ terminal }, folder) => {
        const shown = options.arm === undefined ? namedRecipe(name, folder) : armRecipe(readRecipe(name, folder), options.arm);
        terminal.print(options.json ? JSON.stringify(shown) : stringify(shown).trimEnd());
      }),
    );
}

/** Longest value in a cell of `diff`; `--json` has all of it. */
const widestValue = 48;

function cellOf(value: unknown): string {
  const text = value === undefined ? '(not there)' : JSON.stringify(value);
  return text.length > widestValue ? `${text.slice(0, widestValue - 1)}…` : text;
}

function addDiff(recipe: Command): void {
  reading(recipe, 'diff', 'the keys in which two recipes differ')
    .argument('<first>', 'name, file, or NAME@ARM')
    .argument('<second>', 'name, file, or NAME@ARM')
    .action((first: string, second: string, options: CommonOptions) =>
      withFolder(options, ({ terminal }, folder) => {
        const found = differences(namedRecipe(first, folder), namedRecipe(second, folder));
        if (options.json) return terminal.print(JSON.stringify(found));
        if (found.length === 0) return terminal.print('No difference.');
        const cells = found.map(({ key, before, after }) => [key, cellOf(before), cellOf(after)]);
        for (const line of textTable(['key', first, second], cells, ['left', 'left', 'left'])) terminal.print(line);
      }),
    );
}

function addCheck(recipe: Command): void {
  reading(recipe, 'check', 'whether recipes fit: keys, plug-ins and their options, ground truth, model, every arm of the claim')
    .argument('[recipes...]', 'names in config/recipes, or files (default: all)')
    .action((names: string[], options: CommonOptions) =>
      execute(options, async ({ terminal }) => {
        const { config } = loadConfig({ file: options.config });
        const wanted = names.length > 0 ? names : allRecipes(config.recipesFolder).map(({ recipe: { name } }) => name);
        const plugins = await knownPlugins();
        const checked = await Promise.all(wanted.map(async (name) => ({ name, faults: await checkRecipe(name, config, plugins) })));
        for (const { name, faults } of checked) {
          if (!options.json) terminal.print(faults.length === 0 ? `${name}: fits` : `${name}:\n  ${faults.join('\n  ')}`);
        }
        if (options.json) terminal.print(JSON.stringify(checked));
        return checked.every(({ faults }) => faults.length === 0) ? exitCodes.done : exitCodes.badInput;
      }),
    );
}

function addSchema(recipe: Command): void {
  reading(recipe, 'schema', 'the JSON Schema of recipes, for editors').action((options: CommonOptions) =>
    execute(options, async ({ terminal }) => terminal.print(JSON.stringify(recipeJsonSchema(), undefined, options.json ? undefined : 2))),
  );
}

/** `redqueen recipe …`: recipes are data; these commands read them and need no cluster. */
export function addRecipe(program: Command): void {
  const recipe = program.command('recipe').description('recipes: list, show, check, compare');
  for (const add of [addList, addShow, addCheck, addDiff, addSchema]) add(recipe);
}
