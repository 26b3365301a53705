import type { Command } from 'commander';
import type { KnobState } from '@redqueen/sdk';
import { withCluster } from '../command.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';
import { textTable } from '../render/text-table.ts';
import { chosenRun } from '../session.ts';

interface KnobOptions extends CommonOptions {
  readonly run?: string;
  readonly reason?: string;
}

function rowsOf(knobs: readonly KnobState[]): string[][] {
  return knobs.map(({ name, value, low, high, by, about }) => [name, String(value), `${low} to ${high}`, by || 'recipe', about]);
}

/** `knob`: lists the declared knobs of a run, or turns one. */
export function addKnob(program: Command): void {
  const command = program
    .command('knob')
    .description('lists the knobs of a run, or gives one a new value')
    .argument('[name]', 'e.g. temperature.executor')
    .argument('[value]', 'its new value')
    .option('--run <run>', 'the newest when left out')
    .option('--reason <text>', 'why, for the record', 'asked for on the command line')
    .action((name: string | undefined, value: string | undefined, options: KnobOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const { run } = await chosenRun(client, options.run);
        if (name !== undefined && value !== undefined) {
          const knob = await client.turnKnob({ run, name, value: Number(value), reason: options.reason ?? '' });
          return terminal.print(options.json ? JSON.stringify({ run, ...knob }) : `${knob.name} is now ${knob.value} in run ${run}.`);
        }
        const knobs = (await client.knobs(run)).filter((knob) => name === undefined || knob.name === name);
        if (options.json) return terminal.print(JSON.stringify(knobs));
        for (const line of textTable(['knob', 'value', 'range', 'set by', 'what it does'], rowsOf(knobs), [
          'left',
          'right',
          'left',
          'left',
          'left',
        ]))
          terminal.print(line);
      }),
    );
  for (const option of clusterOptions()) command.addOption(option);
}
