import type { Command } from 'commander';
import { withCluster } from '../command.ts';
import { armFigures, checkAll, outcomeOf, pairedFigures, type ArmResult, type Checked, type Outcome } from '../claim/evaluate.ts';
import { armTable, expectationLines, pairedTable } from '../claim/render.ts';
import { runClaim } from '../claim/run-claim.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOptions, jsonOption, wholeNumber, type CommonOptions } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { recipeSource } from './run.ts';

interface ClaimCommandOptions extends CommonOptions {
  readonly seeds?: number;
  readonly arms?: string;
  readonly updates?: number;
  readonly patch?: string;
}

const codeOf: Readonly<Record<Outcome, number>> = {
  works: exitCodes.done,
  'runs, effect not shown': exitCodes.notShown,
  fails: exitCodes.failed,
};

function claimJson(name: string, outcome: Outcome, results: readonly ArmResult[], checks: readonly Checked[]): string {
  const runs = results.map(({ arm, seed, run, error, report }) => ({
    arm,
    seed,
    run,
    error,
    updates: report?.updatesDone,
    seconds: report?.elapsedSeconds,
    sampledTokens: report?.tokens.sampled,
  }));
  // Infinite ends of intervals have no JSON; null says that the seeds do not bound it.
  return JSON.stringify({
    claim: name,
    outcome,
    expectations: checks.map(({ expectation, values, passed }) => ({ ...expectation, values, passed })),
    figures: armFigures(results),
    paired: pairedFigures(results),
    runs,
  });
}

function print(terminal: Terminal, headline: string, outcome: Outcome, results: readonly ArmResult[], checks: readonly Checked[]): void {
  terminal.print(`\nClaim: ${headline}\n`);
  for (const line of armTable(results)) terminal.print(line);
  terminal.print(
    'Change in points where the figure is in percent. Intervals: Student’s t over paired seeds; with one seed Newcombe’s, made of the Wilson intervals.',
  );
  const paired = pairedTable(results);
  if (paired.length > 0) terminal.print(`\nThe first arm’s change minus that of another, same seeds:\n`);
  for (const line of paired) terminal.print(line);
  terminal.print();
  for (const line of expectationLines(checks)) terminal.print(line);
  for (const { run, error } of results) if (error !== '') terminal.print(`FAILED  run ${run}: ${error}`);
  terminal.print(`\nVerdict: ${outcome}.`);
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
    .action((name: string, options: ClaimCommandOptions) =>
      withCluster(options, { launch: true }, async ({ client }, { terminal, signal }) => {
        const source = recipeSource(name);
        const patch = jsonOption('patch', options.patch) ?? {};
        const { recipe } = await client.recipe({ ...source, patch });
        const results = await runClaim({ client, source, patch, terminal, signal }, recipe, { ...options, arms: options.arms?.split(',') });
        const checks = checkAll(results, recipe.claim?.expect ?? []);
        const outcome = outcomeOf(results, checks);
        if (options.json) terminal.print(claimJson(name, outcome, results, checks));
        else print(terminal, recipe.claim?.headline ?? '', outcome, results, checks);
        return codeOf[outcome];
      }),
    );
}
