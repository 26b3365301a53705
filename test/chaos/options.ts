import { parseArgs } from 'node:util';
import { RedQueenError } from '@redqueen/core';
import type { ChaosForm, Scenario } from './harness/scenario.ts';

/** What the command was asked for. */
export interface ChaosCommand {
  readonly form: ChaosForm;
  readonly json: boolean;
  readonly seed: number;
  readonly seconds: number | undefined;
  readonly every: number | undefined;
  readonly scenarios: readonly Scenario[];
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new RedQueenError('invalid_argument', `--${name} is ${JSON.stringify(text)}; it must be a number above 0`);
}

/** Those named, by their goal ("R18") or exactly ("R18a"). Throws `invalid_argument` for a name that fits none. */
function chosen(all: readonly Scenario[], only: string): readonly Scenario[] {
  const names = only.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const fits = (name: string) => (scenario: Scenario) => scenario.id === name || scenario.id.replace(/[a-z]$/, '') === name;
  for (const name of names) {
    if (!all.some(fits(name)))
      throw new RedQueenError('invalid_argument', `--only ${name}: there are ${all.map(({ id }) => id).join(', ')}`);
  }
  return names.length === 0 ? all : all.filter((scenario) => names.some((name) => fits(name)(scenario)));
}

/** Reads the words after `npm run chaos --`. Throws `invalid_argument` for what it does not know. */
export function chaosCommand(words: readonly string[], all: readonly Scenario[]): ChaosCommand {
  const options = {
    full: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    every: { type: 'string' },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...words], options }));
  } catch (cause) {
    throw new RedQueenError('invalid_argument', `chaos: ${RedQueenError.from(cause).message}`, { cause });
  }
  if (values.full && values.quick) throw new RedQueenError('invalid_argument', 'chaos: --full or --quick, not both');
  return {
    form: values.quick ? 'quick' : 'full',
    json: values.json,
    seed: numberOf('seed', values.seed),
    seconds: values.seconds === undefined ? undefined : numberOf('seconds', values.seconds),
    every: values.every === undefined ? undefined : numberOf('every', values.every),
    scenarios: chosen(all, values.only),
  };
}
