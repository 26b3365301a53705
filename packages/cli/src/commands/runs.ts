import type { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { openArchive } from '@redqueen/runtime';
import { RedQueenError } from '@redqueen/sdk';
import { readPieces, writeWhole } from '../archive-file.ts';
import { withCluster } from '../command.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';
import { runPage, runsTable, runDocument } from '../render/runs.ts';

function verb(runs: Command, name: string, description: string, options?: { readonly isDefault: true }): Command {
  const command = runs.command(name, options).description(description);
  for (const option of clusterOptions()) command.addOption(option);
  return command;
}

function addList(runs: Command): void {
  verb(runs, 'list', 'all runs that the cluster knows', { isDefault: true }).action((options: CommonOptions) =>
    withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
      const all = await client.runs.list();
      if (options.json) return terminal.print(JSON.stringify(all.map((run) => ({ ...run, resolvedRecipe: undefined }))));
      if (all.length === 0) return terminal.print('No run yet. Start one with `redqueen run default`.');
      for (const line of runsTable(all)) terminal.print(line);
    }),
  );
}

function addShow(runs: Command): void {
  verb(runs, 'show', 'everything about one: recipe, state, versions, counts, what it stores and where')
    .argument('<run>')
    .action((run: string, options: CommonOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const [stored, report] = await Promise.all([client.runs.describe(run), client.report(run)]);
        if (options.json) return terminal.print(JSON.stringify(runDocument(stored, report)));
        for (const line of runPage(stored, report)) terminal.print(line);
      }),
    );
}

function addArchive(runs: Command): void {
  verb(runs, 'archive', 'write a run that is not under way into one file, for another machine or for later')
    .argument('<run>')
    .option('--out <file>', 'default: RUN.rqrun in this folder')
    .action((run: string, options: CommonOptions & { readonly out?: string }) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal, signal }) => {
        const file = options.out ?? `${run}.rqrun`;
        const bytes = await writeWhole(file, client.runs.archive(run, { signal }));
        terminal.print(options.json ? JSON.stringify({ run, file, bytes }) : `${file}: run ${run}, ${bytes} bytes`);
      }),
    );
}

function addImport(runs: Command): void {
  verb(runs, 'import', 'bring a run back from its archive; a stopped one can be resumed')
    .argument('<file>')
    .action((file: string, options: CommonOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal, signal }) => {
        // Read once here: what is wrong with the file is said before anything is sent.
        await openArchive(file);
        const { run, status } = await client.runs.import(readPieces(file), { signal });
        const next = status === 'stopped' ? `; \`redqueen resume ${run}\` goes on with it` : '';
        terminal.print(options.json ? JSON.stringify({ run, status, file }) : `Run ${run} is here, ${status}${next}.`);
      }),
    );
}

async function confirmed(run: string, { yes, json }: RemoveOptions): Promise<boolean> {
  if (yes) return true;
  if (json || !process.stdin.isTTY || !process.stdout.isTTY)
    throw new RedQueenError('failed_precondition', `removing run ${run} cannot be undone: add --yes, or archive it first`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`Remove run ${run} for good? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

interface RemoveOptions extends CommonOptions {
  readonly yes?: boolean;
}

function addRemove(runs: Command): void {
  verb(runs, 'rm', 'remove a run that is not under way, with everything that no other run needs')
    .argument('<run>')
    .option('--yes', 'do not ask')
    .action((run: string, options: RemoveOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        await client.runs.get(run);
        if (!(await confirmed(run, options))) return terminal.print(`Run ${run} stays.`);
        await client.runs.remove(run);
        terminal.print(options.json ? JSON.stringify({ run, removed: true }) : `Run ${run} is removed.`);
      }),
    );
}

/** `redqueen runs list|show|archive|import|rm`; `redqueen runs` alone lists. */
export function addRuns(program: Command): void {
  const runs = program.command('runs').description('all runs that the cluster knows, and what is kept of them');
  for (const add of [addList, addShow, addArchive, addImport, addRemove]) add(runs);
}
