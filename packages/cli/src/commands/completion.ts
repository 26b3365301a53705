import { Argument, type Command } from 'commander';
import { completionScript, shells, type Shell } from '../completion.ts';
import { processTerminal } from '../terminal.ts';

/** `redqueen completion SHELL`: the script that teaches a shell the commands. */
export function addCompletion(program: Command): void {
  const command = program.command('completion').description('a script that lets a shell complete commands and options');
  command.addArgument(new Argument('<shell>').choices(shells));
  command.addHelpText('after', '\nExample:\n  redqueen completion bash >> ~/.bashrc');
  command.action((shell: Shell) => processTerminal(false).print(completionScript(shell, program).trimEnd()));
}
