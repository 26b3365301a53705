import type { Command } from 'commander';
import { systemClock } from '@redqueen/runtime';
import { execute, type CommandContext } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { audit, withLedger } from '../launch/index.ts';
import { clusterOptions, wholeNumber, type CommonOptions } from '../options.ts';
import { explanationLines, replayLines, verificationLines } from '../render/ledger.ts';
import { configOf } from '../session.ts';
import { addStaleness } from './ledger-staleness.ts';

interface LedgerOptions extends CommonOptions {
  readonly run?: string;
  readonly snapshotEvery?: number;
}

/** A subcommand over the store itself: it asks no service, so it takes no gateway. */
function looking(parent: Command, name: string, description: string): Command {
  const command = parent.command(name).description(description);
  for (const option of clusterOptions()) if (option.long !== '--gateway') command.addOption(option);
  return command;
}

function printed({ terminal }: CommandContext, options: LedgerOptions, result: object, lines: () => readonly string[]): void {
  if (options.json) return terminal.print(JSON.stringify(result));
  for (const line of lines()) terminal.print(line);
}

function addVerify(ledger: Command): void {
  looking(ledger, 'verify', 'whether every message is there, and every settlement and batch follows from them; ends with 1 where not')
    .argument('[run]', 'the newest when left out')
    .action((run: string | undefined, options: LedgerOptions) =>
      execute(options, async (context) => {
        const { verifyLedger } = await audit();
        const found = await withLedger(configOf(options), run, context.signal, verifyLedger);
        printed(context, options, found, () => verificationLines(found));
        return found.fault ? exitCodes.failed : exitCodes.done;
      }),
    );
}

function addReplay(ledger: Command): void {
  looking(ledger, 'replay', 'folds the ledger from its first message and prints what it comes to, as SHA-256')
    .argument('[run]', 'the newest when left out')
    .option(
      '--snapshot-every <messages>',
      'go on from a snapshot of the state each time; must change nothing',
      wholeNumber('snapshot-every', 1),
    )
    .action((run: string | undefined, options: LedgerOptions) =>
      execute(options, async (context) => {
        const { replayLedger } = await audit();
        const { replay, seconds } = await withLedger(configOf(options), run, context.signal, async (source) => {
          const from = systemClock.now();
          return { replay: await replayLedger(source, options.snapshotEvery), seconds: (systemClock.now() - from) / 1000 };
        });
        printed(context, options, { ...replay, seconds }, () => replayLines(replay, seconds));
      }),
    );
}

function addExplain(ledger: Command): void {
  looking(ledger, 'explain', 'walks from the advantages of a reward or an episode back to the messages that they came from')
    .argument('<reward>', 'id of a reward, or of an episode such as 12.3.0')
    .option('--run <run>', 'the newest when left out')
    .action((wanted: string, options: LedgerOptions) =>
      execute(options, async (context) => {
        const { explainLedger } = await audit();
        const found = await withLedger(configOf(options), options.run, context.signal, (source) => explainLedger(source, wanted));
        printed(context, options, found, () => explanationLines(found));
      }),
    );
}

/** `redqueen ledger verify|replay|explain|staleness`. */
export function addLedger(program: Command): void {
  const ledger = program.command('ledger').description('the ledger of a run: whether it holds, what it comes to, where a number came from');
  addVerify(ledger);
  addReplay(ledger);
  addExplain(ledger);
  addStaleness(ledger);
}
