import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { RedQueen, RunInfo, StartOptions } from '@redqueen/sdk';
import { followRun, stopRun } from '../follow.ts';
import { withCluster, type CommandContext } from '../command.ts';
import { whenAborted } from '../interrupt.ts';
import { clusterOptions, jsonOption, runOptions, type CommonOptions, type RunOptions } from '../options.ts';
import { exitCodeOfRun, printResult, runToEnd } from '../run-to-end.ts';
import { chosenRun } from '../session.ts';

/** A recipe by name, or the text of a file: a gateway on another machine cannot read files of this one. */
export function recipeSource(recipe: string): Pick<StartOptions, 'recipe' | 'recipeYaml'> {
  return /[/\\]|\.ya?ml$/.test(recipe) && existsSync(recipe) ? { recipeYaml: readFileSync(recipe, 'utf8') } : { recipe };
}

function startOptions(recipe: string, options: RunOptions): StartOptions {
  const { seed, updates } = options;
  const patch = jsonOption('patch', options.patch);
  return {
    ...recipeSource(recipe),
    ...(seed === undefined ? {} : { seed }),
    ...(updates === undefined ? {} : { updates }),
    ...(patch === undefined ? {} : { patch }),
  };
}

async function announce(client: RedQueen, info: RunInfo, { terminal }: CommandContext): Promise<string> {
  const { page, bus } = await client.cluster();
  terminal.say(`Red Queen: ${page}  (bus: ${bus}, gateway: ${client.address})`);
  terminal.say(`Run ${info.run}: recipe ${info.recipe}, seed ${info.seed}, ${info.updates} updates. Ctrl-C stops it in order.`);
  return page;
}

/** `redqueen start`: the default recipe to its end; on a terminal the page then stays up until Ctrl-C. */
export function addStart(program: Command): void {
  const command = program.command('start').description('run the default recipe to its end and show what it changed');
  for (const option of [...clusterOptions(), ...runOptions()]) command.addOption(option);
  command.option('--recipe <name>', 'another recipe', 'default').option('--families', 'show every family in the table');
  command.action((options: RunOptions & { readonly recipe: string }) =>
    withCluster(options, { launch: true }, async ({ client }, context) => {
      const { terminal, signal } = context;
      const info = await client.runs.start(startOptions(options.recipe, options));
      const page = await announce(client, info, context);
      const ended = await runToEnd(client, info.run, terminal, signal);
      await printResult(client, ended, terminal, options);
      if (!terminal.interactive || signal.aborted || options.json) return exitCodeOfRun(ended);
      terminal.say(`\nThe page stays up at ${page} until you press Ctrl-C.`);
      await whenAborted(signal);
      return exitCodeOfRun(ended);
    }),
  );
}

/** `redqueen run RECIPE`. */
export function addRun(program: Command): void {
  const command = program.command('run').argument('<recipe>', 'name in config/recipes, or a file').description('run a recipe to its end');
  for (const option of [...clusterOptions(), ...runOptions()]) command.addOption(option);
  command.option('--families', 'show every family in the table');
  command.action((recipe: string, options: RunOptions) =>
    withCluster(options, { launch: true }, async ({ client }, context) => {
      const info = await client.runs.start(startOptions(recipe, options));
      await announce(client, info, context);
      const ended = await runToEnd(client, info.run, context.terminal, context.signal);
      await printResult(client, ended, context.terminal, options);
      return exitCodeOfRun(ended);
    }),
  );
}

/** Cut off after its end: there is nothing left to do but to show what came of it. */
async function alreadyFinished(client: RedQueen, info: RunInfo, { terminal }: CommandContext, options: RunOptions): Promise<number> {
  terminal.say(`Run ${info.run} had made all its updates and is finished.`);
  await printResult(client, info, terminal, options);
  return exitCodeOfRun(info);
}

/** `redqueen resume RUN`. A run that was cut off with its cluster goes on from where it was, like one that was stopped. */
export function addResume(program: Command): void {
  const command = program.command('resume').argument('<run>').description('go on with a stopped run from where it was');
  for (const option of clusterOptions()) command.addOption(option);
  command.option('--families', 'show every family in the table');
  command.action((run: string, options: RunOptions) =>
    withCluster(options, { launch: true, keep: run }, async ({ client }, context) => {
      const before = await client.runs.get(run);
      if (before.status === 'finished') return alreadyFinished(client, before, context, options);
      // It was cut off while it was stopping: what is left of that comes first.
      if (before.status === 'stopping') await stopRun(client, run);
      const info = await client.runs.resume(run);
      await announce(client, info, context);
      const ended = await runToEnd(client, run, context.terminal, context.signal);
      await printResult(client, ended, context.terminal, options);
      return exitCodeOfRun(ended);
    }),
  );
}

/** `redqueen up`: a cluster without a run, until Ctrl-C. */
export function addUp(program: Command): void {
  const command = program.command('up').description('start a cluster and keep it up until Ctrl-C');
  for (const option of clusterOptions()) command.addOption(option);
  command.action((options: CommonOptions) =>
    withCluster(options, { launch: true }, async ({ client, launched }, { terminal, signal }) => {
      const { page, bus, dataFolder } = await client.cluster();
      if (options.json) terminal.print(JSON.stringify({ gateway: client.address, page, bus, dataFolder }));
      else terminal.print(`Red Queen: ${page}  (bus: ${bus}, gateway: ${client.address}, data: ${dataFolder})`);
      if (!launched) return terminal.say('It was up already.');
      await whenAborted(signal);
      terminal.say('Stopping …');
      const running = (await client.runs.list()).filter(({ status }) => status === 'running');
      await Promise.all(running.map(({ run }) => client.runs.stop(run)));
    }),
  );
}

/** `redqueen watch [RUN]` and `redqueen stop [RUN]`. */
export function addWatchAndStop(program: Command): void {
  const watch = program.command('watch').argument('[run]', 'the newest when left out').description('follow a run to its end');
  for (const option of clusterOptions()) watch.addOption(option);
  watch.action((run: string | undefined, options: RunOptions) =>
    withCluster(options, { launch: false }, async ({ client }, { terminal, signal }) => {
      const ended = await followRun(client, (await chosenRun(client, run)).run, terminal, signal);
      await printResult(client, ended, terminal, options);
      return exitCodeOfRun(ended);
    }),
  );
  const stop = program.command('stop').argument('[run]', 'the newest when left out').description('stop a run in order; it can be resumed');
  for (const option of clusterOptions()) stop.addOption(option);
  stop.action((run: string | undefined, options: CommonOptions) =>
    withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
      const info = await stopRun(client, (await chosenRun(client, run)).run);
      terminal.print(options.json ? JSON.stringify({ run: info.run, status: info.status }) : `Run ${info.run} is ${info.status}.`);
    }),
  );
}
