import type { Command } from 'commander';
import { RedQueenError, type KnobState } from '@redqueen/sdk';
import { withCluster } from '../command.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';
import { textTable } from '../render/text-table.ts';
import { chosenRun } from '../session.ts';

interface KnobOptions extends CommonOptions {
  readonly run?: string;
  readonly reason?: string;
}

function rowsOf(knobs: readonly KnobState[]): string[][] {
  return knobs.map(({ name, value, low, high, by, about }) => {
    const range = Number.isFinite(high) ? `${low} to ${high}` : `at least ${low}`;
    return [name, String(value), range, by || 'recipe', about];
  });
}

/** The value on the command line. Throws `invalid_argument` for what is no number; an empty text is none either. */
function knobValue(name: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new RedQueenError('invalid_argument', `knob ${name}: ${JSON.stringify(text)} is no number; write it like ${name} 0.8`);
}

/** All of them, or the one that is named. Throws `invalid_argument` with the known names. */
function named(knobs: readonly KnobState[], name: string | undefined): readonly KnobState[] {
  const found = knobs.filter((knob) => name === undefined || knob.name === name);
  if (found.length > 0) return found;
  const known = knobs.map((knob) => knob.name).join(', ');
  throw new RedQueenError('invalid_argument', `the run has no knob ${JSON.stringify(name)}; it has: ${known}`);
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
          const knob = await client.turnKnob({ run, name, value: knobValue(name, value), reason: options.reason ?? '' });
          return terminal.print(options.json ? JSON.stringify({ run, ...knob }) : `${knob.name} is now ${knob.value} in run ${run}.`);
        }
        const knobs = named(await client.knobs(run), name);
        if (options.json) return terminal.print(JSON.stringify(knobs));
        const header = ['knob', 'value', 'range', 'set by', 'what it does'];
        for (const line of textTable(header, rowsOf(knobs), ['left', 'right', 'left', 'left', 'left'])) terminal.print(line);
      }),
    );
  for (const option of clusterOptions()) command.addOption(option);
}
