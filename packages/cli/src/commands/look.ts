import type { Command } from 'commander';
import { withCluster } from '../command.ts';
import { clusterOptions, type RunOptions } from '../options.ts';
import { crossPlayTable } from '../render/cross-play.ts';
import { heldOutTable } from '../render/held-out.ts';
import { idleText } from '../render/idle.ts';
import { stalenessLine, stalenessSummary } from '../render/staleness.ts';
import { chosenRun } from '../session.ts';

interface LookOptions extends RunOptions {
  readonly run?: string;
}

function looking(program: Command, name: string, description: string): Command {
  const command = program.command(name).description(description);
  for (const option of clusterOptions()) command.addOption(option);
  return command;
}

function addReport(program: Command): void {
  looking(program, 'report', 'what a run changed, held-out, with sample sizes')
    .argument('[run]', 'the newest when left out')
    .option('--families', 'show every family')
    .action((run: string | undefined, options: LookOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const info = await chosenRun(client, run);
        const report = await client.report(info.run);
        if (options.json) return terminal.print(JSON.stringify(report));
        terminal.print(
          `Run ${info.run}: recipe ${info.recipe}, seed ${info.seed}, ${info.status}, ${report.updatesDone} of ${report.updates} updates\n`,
        );
        for (const line of heldOutTable(report, options.families ?? false)) terminal.print(line);
        const matrix = crossPlayTable(report);
        if (matrix.length > 0) terminal.print('\nExecutor versions at tasks of proposer versions, right greedy / sampled (tasks):\n');
        for (const line of matrix) terminal.print(line);
        const { settled, voided, duplicates } = report.settlements;
        terminal.print(`\n${settled} episodes settled, ${voided} void, ${duplicates} duplicates dropped; files in ${info.folder}`);
        for (const line of idleText(report)) terminal.print(line);
        const ages = stalenessSummary(report.staleness);
        if (ages.samples > 0) terminal.print(stalenessLine(ages));
      }),
    );
}

function addExplain(program: Command): void {
  looking(program, 'explain', 'where an episode’s rewards came from')
    .argument('<episode>', 'e.g. 12.3.0')
    .option('--run <run>', 'the newest when left out')
    .action((episode: string, options: LookOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const { run } = await chosenRun(client, options.run);
        const { events, settlement } = await client.explain(run, episode);
        if (options.json) return terminal.print(JSON.stringify({ run, episode, events, settlement }));
        for (const { from, to, body } of events) terminal.print(`${from?.role}/${from?.key} → ${to?.role}/${to?.key}: ${body}`);
        for (const { rewards } of events)
          for (const { agent, turn, term, value, evidence } of rewards?.rewards ?? []) {
            terminal.print(`  ${agent} turn ${turn} ${term} ${value.toFixed(3)}${evidence ? `  (${evidence})` : ''}`);
          }
        if (!settlement) return terminal.print('Not settled yet.');
        terminal.print(
          `${settlement.status === 'SETTLEMENT_STATUS_SETTLED' ? 'settled' : `void: ${settlement.reason}`}  ${settlement.digest}`,
        );
        for (const { agent, turns, totals, advantages } of settlement.totals) {
          const parts = turns.map(
            (turn, index) =>
              `${turn}: ${totals[index]?.toFixed(2)}${advantages[index] === undefined ? '' : ` (advantage ${advantages[index].toFixed(2)})`}`,
          );
          terminal.print(`  ${agent}  ${parts.join('  ')}`);
        }
      }),
    );
}

/** Commands that only look: report, explain. */
export function addLooking(program: Command): void {
  addReport(program);
  addExplain(program);
}
