import type { Command } from 'commander';
import { execute } from '../command.ts';
import { diagnose } from '../doctor/checks.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';

const marks = { good: 'ok  ', warning: 'note', bad: 'BAD ' } as const;

/** `redqueen doctor`: whether this machine can run Red Queen, and what to do where it cannot. */
export function addDoctor(program: Command): void {
  const command = program.command('doctor').description('whether this machine can run Red Queen, and what to do where it cannot');
  for (const option of clusterOptions()) command.addOption(option);
  command.action((options: CommonOptions) =>
    execute(options, async ({ terminal }) => {
      const findings = await diagnose(options);
      const healthy = findings.every(({ state }) => state !== 'bad');
      if (options.json) terminal.print(JSON.stringify({ healthy, findings }));
      else
        for (const { state, name, detail, fix } of findings)
          terminal.print(`${marks[state]}  ${name}: ${detail}${fix === '' ? '' : `\n      ${fix}`}`);
      return healthy ? exitCodes.done : exitCodes.failed;
    }),
  );
}
