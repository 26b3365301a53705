import { InvalidArgumentError, Option } from 'commander';
import { RedQueenError } from '@redqueen/sdk';

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly data?: string;
  readonly bus?: string;
  readonly gateway?: string;
}

/** Options that say what to run. */
export interface RunOptions extends CommonOptions {
  readonly seed?: number;
  readonly updates?: number;
  readonly patch?: string;
  readonly families?: boolean;
}

/** A whole number of at least `least`. Throws `invalid_argument` naming what it is. */
export function toWholeNumber(what: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new RedQueenError('invalid_argument', `${what} must be a whole number of at least ${least}, not ${JSON.stringify(text)}`);
}

/** Reads an option as a whole number; the error is commander's, which knows the option. */
export function wholeNumber(name: string, least: number): (text: string) => number {
  return (text) => {
    try {
      return toWholeNumber(`--${name}`, text, least);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

/** JSON of an option. Throws naming the option. */
export function jsonOption(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RedQueenError('invalid_argument', `--${name} is no JSON: ${(error as Error).message}; write it like '{"updates":100}'`);
  }
}

/** Options about the cluster. */
export const clusterOptions = (): Option[] => [
  new Option('--gateway <host:port>', 'use the cluster behind this gateway instead of this machine’s'),
  new Option('--data <folder>', 'folder for everything that a cluster stores (default: .redqueen)'),
  new Option('--bus <kind>', 'auto, nats (its absence is an error) or memory (one process, nothing survives it)').choices([
    'auto',
    'nats',
    'memory',
  ]),
  new Option('--config <file>', 'configuration file (default: config/redqueen.yaml)'),
  new Option('--json', 'end with one line of JSON on standard output; everything else goes to standard error'),
];

/** Options about what to run. */
export const runOptions = (): Option[] => [
  new Option('--seed <number>', 'seed (default: the recipe’s)').argParser(wholeNumber('seed', 0)),
  new Option('--updates <number>', 'executor updates (default: the recipe’s)').argParser(wholeNumber('updates', 1)),
  new Option('--patch <json>', 'JSON merge patch on the recipe, e.g. \'{"slotsPerTick":4}\''),
];
