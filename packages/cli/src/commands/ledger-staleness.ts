import type { Command } from 'commander';
import { withCluster } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';
import { stalenessLine, stalenessSummary, stalenessTable } from '../render/staleness.ts';
import { chosenRun } from '../session.ts';

/** `redqueen ledger staleness [RUN]`: how old every sample was when it was trained on; fails where one was older than the recipe allows. */
export function addStaleness(ledger: Command): void {
  const command = ledger.command('staleness').argument('[run]', 'the newest when left out');
  command.description('how many releases old the samples were when they were trained on');
  for (const option of clusterOptions()) command.addOption(option);
  command.action((run: string | undefined, options: CommonOptions) =>
    withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
      const info = await chosenRun(client, run);
      const summary = stalenessSummary((await client.report(info.run, { replay: true })).staleness);
      if (options.json) terminal.print(JSON.stringify({ run: info.run, ...summary }));
      else {
        terminal.print(`Run ${info.run}: ${stalenessLine(summary)}\n`);
        for (const line of stalenessTable(summary)) terminal.print(line);
      }
      return summary.beyond === 0 ? exitCodes.done : exitCodes.failed;
    }),
  );
}
