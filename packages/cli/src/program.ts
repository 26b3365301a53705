import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { join } from 'node:path';
import { projectFolder } from '@redqueen/runtime';
import { addAgents } from './commands/agents.ts';
import { addClaim } from './commands/claim.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDead } from './commands/dead.ts';
import { addDoctor } from './commands/doctor.ts';
import { addPlugins } from './commands/plugins.ts';
import { addRecipe } from './commands/recipe.ts';
import { addInit } from './commands/init.ts';
import { addKnob } from './commands/knob.ts';
import { addLedger } from './commands/ledger.ts';
import { addModels } from './commands/models.ts';
import { addLooking } from './commands/look.ts';
import { addRuns } from './commands/runs.ts';
import { addResume, addRun, addStart, addUp, addWatchAndStop } from './commands/run.ts';
import { exitCodes } from './exit-codes.ts';

function version(): string {
  return (JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as { version: string }).version;
}

const epilogue = `
Exit codes: ${exitCodes.done} done · ${exitCodes.failed} failed · ${exitCodes.badInput} bad input · ${exitCodes.notShown} a claim's effect was not shown · ${exitCodes.unavailable} no cluster answers · ${exitCodes.interrupted} interrupted
Without --gateway a command works with the cluster that runs over the data folder; start, up, run, resume and claim launch one where there is none.`;

/** The command line: `redqueen <command>`. */
export function program(): Command {
  const root = new Command('redqueen').description('agents that get better by working on each other').version(version());
  // `redqueen export executor --version 3` speaks of the adapter's version, not of the program's.
  root.enablePositionalOptions();
  root.addHelpText('after', epilogue).showHelpAfterError('(redqueen --help lists the commands)');
  root.configureHelp({ sortSubcommands: false });
  root.exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.badInput));
  for (const add of [
    addStart,
    addRun,
    addResume,
    addUp,
    addInit,
    addWatchAndStop,
    addRuns,
    addLooking,
    addLedger,
    addDead,
    addClaim,
    addRecipe,
    addPlugins,
    addModels,
    addAgents,
    addKnob,
    addConfig,
    addDoctor,
    addCompletion,
  ])
    add(root);
  return root;
}
