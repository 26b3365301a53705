import { projectFolder, loadConfig, recipeFile } from '@redqueen/runtime';
import type { Recipe } from '@redqueen/sdk';
import type { Command } from 'commander';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withCluster } from '../command.ts';
import { claimDetails, claimLine, spokenOf, type ClaimOutcome } from '../claim/details.ts';
import { effectQuestion, measureEffect, verdictOf, type Verdict } from '../claim/effect.ts';
import { checkAll, type ArmResult } from '../claim/evaluate.ts';
import { claimRecord, writeRecord } from '../claim/record.ts';
import { armTable, effectText, expectationLines, expectationText, pairedTable } from '../claim/render.ts';
import { runClaim } from '../claim/run-claim.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOptions, jsonOption, wholeNumber, type CommonOptions } from '../options.ts';
import { recipeHash } from '../recipes/recipe-hash.ts';
import type { Terminal } from '../terminal.ts';
import { recipeSource } from './run.ts';

interface ClaimCommandOptions extends CommonOptions {
  readonly seeds?: number;
  readonly arms?: string;
  readonly updates?: number;
  readonly patch?: string;
  readonly details?: string;
  readonly record?: string | true;
}

const codeOf: Readonly<Record<Verdict, number>> = {
  works: exitCodes.done,
  'runs, effect not shown': exitCodes.notShown,
  fails: exitCodes.failed,
};

function print(terminal: Terminal, headline: string, outcome: ClaimOutcome): void {
  const { verdict, effect, results, checks } = outcome;
  terminal.print(`\nClaim: ${headline}\n`);
  for (const line of armTable(results, spokenOf(outcome))) terminal.print(line);
  terminal.print(
    'Change in points where the figure is in percent. Intervals: Student’s t over paired seeds; with one seed Newcombe’s, made of the Wilson intervals.',
  );
  const paired = pairedTable(results);
  if (paired.length > 0) terminal.print(`\nThe first arm’s change minus that of another, same seeds:\n`);
  for (const line of paired) terminal.print(line);
  terminal.print();
  for (const line of expectationLines(checks)) terminal.print(line);
  for (const { run, error } of results) if (error !== '') terminal.print(`FAILED  run ${run}: ${error}`);
  terminal.print(effectText(effect));
  terminal.print(`\nVerdict: ${verdict}.`);
}

function outcomeOf(recipe: Recipe, results: readonly ArmResult[]): ClaimOutcome {
  const checks = checkAll(results, recipe.claim?.expect ?? []);
  const question = recipe.claim && effectQuestion(recipe.claim);
  const effect = question && measureEffect(results, question);
  return { claim: recipe.name, verdict: verdictOf(results, checks, effect), effect, checks, results };
}

/** Version of the recipe's file as it is before anything runs; it may be edited meanwhile. */
function versionOf(name: string, options: ClaimCommandOptions): string {
  const { recipesFolder } = loadConfig({ file: options.config }).config;
  return recipeHash(readFileSync(recipeFile(name, recipesFolder), 'utf8'));
}

function changedBy({ seeds, arms, updates, patch }: ClaimCommandOptions): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries({ seeds, arms, updates, patch }).filter(([, value]) => value !== undefined));
}

async function keep(outcome: ClaimOutcome, version: string, options: ClaimCommandOptions, terminal: Terminal): Promise<void> {
  if (options.details !== undefined) writeFileSync(options.details, claimDetails(outcome));
  if (options.record === undefined) return;
  const folder = options.record === true ? join(projectFolder, 'docs/claims') : options.record;
  const record = claimRecord(outcome, version, outcome.checks.map(expectationText), changedBy(options));
  terminal.say(`Recorded in ${await writeRecord(folder, record)}; \`npm run docs:recipes\` writes it into docs/recipes.md.`);
}

/** `redqueen claim NAME`: runs the arms of a recipe's claim and says whether it holds. */
export function addClaim(program: Command): void {
  const command = program
    .command('claim')
    .argument('<recipe>', 'name in config/recipes, or a file')
    .description('run the arms of a recipe’s claim with paired seeds and say whether it holds');
  for (const option of clusterOptions()) command.addOption(option);
  command
    .option('--seeds <number>', 'paired seeds (default: the claim’s)', wholeNumber('seeds', 1))
    .option('--arms <names>', 'only these arms, separated by commas')
    .option('--updates <number>', 'executor updates of arms that set none', wholeNumber('updates', 1))
    .option('--patch <json>', 'JSON merge patch on the recipe, for every arm')
    .option('--details <file>', 'write every figure of every arm and run there, as JSON')
    .option('--record [folder]', 'keep the result as <folder>/<recipe>.json (default folder: docs/claims)')
    .action((name: string, options: ClaimCommandOptions) =>
      withCluster(options, { launch: true }, async ({ client }, { terminal, signal }) => {
        const source = recipeSource(name);
        const patch = jsonOption('patch', options.patch) ?? {};
        const { recipe } = await client.recipe({ ...source, patch });
        const version = options.record === undefined ? '' : versionOf(name, options);
        const results = await runClaim({ client, source, patch, terminal, signal }, recipe, { ...options, arms: options.arms?.split(',') });
        const outcome = outcomeOf(recipe, results);
        await keep(outcome, version, options, terminal);
        if (options.json) terminal.print(claimLine(outcome));
        else print(terminal, recipe.claim?.headline ?? '', outcome);
        return codeOf[outcome.verdict];
      }),
    );
}
