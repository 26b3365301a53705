/** Where a command writes. */
export interface Terminal {
  /** Whether a person watches. */
  readonly interactive: boolean;
  /** A line of the answer. */
  print(line?: string): void;
  /** A line about what is going on; apart from the answer, so that a program can read that. */
  say(line: string): void;
  /** Replaces the status line; only where a person watches, otherwise nothing happens. */
  status(line: string): void;
  readonly columns: number;
}

const clearLine = '\r\u001b[2K';

/** The process's own terminal. With `quiet`, everything but the answer goes to standard error: `--json` leaves exactly one line on standard output. */
export function processTerminal(quiet: boolean): Terminal {
  const { stdout, stderr } = process;
  const side = quiet ? stderr : stdout;
  let statusShown = false;
  const clear = (): void => {
    if (statusShown) side.write(clearLine);
    statusShown = false;
  };
  return {
    interactive: side.isTTY ?? false,
    columns: side.columns ?? 120,
    print(line = '') {
      clear();
      stdout.write(`${line}\n`);
    },
    say(line) {
      clear();
      side.write(`${line}\n`);
    },
    status(line) {
      if (!side.isTTY) return;
      side.write(clearLine + line.slice(0, (side.columns ?? 120) - 1));
      statusShown = true;
    },
  };
}
