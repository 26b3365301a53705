import { exitCodeOf } from './exit-codes.ts';
import { interruptSignal } from './interrupt.ts';
import type { CommonOptions } from './options.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { RedQueenError } from '@redqueen/sdk';

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command that works with a cluster. Returns its exit code; nothing returned is 0. */
export type ClusterWork = (session: Session, context: CommandContext) => Promise<number | undefined> | Promise<void>;

/** Runs a command, says its error in one line, and ends the process with its exit code. */
export async function execute(
  options: Pick<CommonOptions, 'json'>,
  work: (context: CommandContext) => Promise<number | undefined> | Promise<void>,
): Promise<void> {
  const terminal = processTerminal(options.json ?? false);
  const signal = interruptSignal((line) => terminal.say(line));
  try {
    process.exitCode = (await work({ terminal, signal })) ?? 0;
  } catch (error) {
    const { message, code } = RedQueenError.from(error);
    terminal.say('');
    process.stderr.write(`redqueen: ${message}\n`);
    if (code === 'internal' && error instanceof Error && error.name !== 'RedQueenError') process.stderr.write(`${error.stack ?? ''}\n`);
    if (options.json) terminal.print(JSON.stringify({ error: message, code }));
    process.exitCode = exitCodeOf(error);
  }
  // Open handles of a client or a child must not keep a finished command alive.
  process.exit();
}

/** A command that works with a cluster: opens the session, closes it whatever happens. */
export function withCluster(options: CommonOptions, wanted: SessionOptions, work: ClusterWork): Promise<void> {
  return execute(options, async (context) => {
    const session = await openSession(options, wanted, context.terminal);
    try {
      return (await Promise.race([work(session, context), session.failed])) ?? 0;
    } finally {
      await session.close();
    }
  });
}
