import { pino, type DestinationStream } from 'pino';

/** Writes one line: a message, or facts with a message. */
export interface LogMethod {
  (message: string): void;
  (facts: object, message: string): void;
}

/** What the runtime needs of a logger. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds these facts to each of its lines. */
  child(facts: Readonly<Record<string, unknown>>): Logger;
}

/** Levels of the log, from the most to the least talkative; `silent` writes nothing. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** A level of the log. */
export type LogLevel = (typeof logLevels)[number];

/** Settings of a logger. */
export interface LoggerOptions {
  readonly level: LogLevel;
  /** Added to every line, e.g. the service's name. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Where the lines go; standard error when left out. */
  readonly destination?: DestinationStream;
}

/** A logger that writes one JSON object a line; errors under `err` with message, code and stack. */
export function createLogger(options: LoggerOptions): Logger {
  // Synchronous: a process that dies must not lose the line that says why.
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true });
  const settings = {
    level: options.level,
    base: options.facts ?? {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  return pino(settings, destination) as unknown as Logger;
}

/** A logger that writes nothing. */
export const silentLogger: Logger = createLogger({ level: 'silent' });
