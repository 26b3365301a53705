import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { RedQueenError } from '@redqueen/core';
import type { SamplingChoice } from '../../packages/llama/src/engine/sampling-path.ts';
import type { ModelBench } from './benches/bench.ts';
import { chosenBenches } from './benches/index.ts';
import type { Form } from './harness/figure.ts';

/** What the command was asked for. */
export interface BenchCommand {
  readonly form: Form;
  readonly json: boolean;
  readonly record: boolean;
  /** Only brings the page up to the record and the list of benches. */
  readonly page: boolean;
  readonly threads: number;
  /** How samples are drawn. */
  readonly sampling: SamplingChoice;
  readonly benches: readonly ModelBench[];
}

function threadsOf(text: string): number {
  const threads = Number(text);
  const cores = availableParallelism();
  if (!Number.isInteger(threads) || threads < 1 || threads > cores)
    throw new RedQueenError(
      'invalid_argument',
      `--threads is ${text}; it must be a whole number from 1 to ${cores}, the cores of this machine`,
    );
  return threads;
}

function samplingOf(text: string, record: boolean): SamplingChoice {
  if (text !== 'auto' && text !== 'tree' && text !== 'stock')
    throw new RedQueenError('invalid_argument', `--sampling is "${text}"; it must be auto, tree or stock`);
  if (record && text !== 'auto')
    throw new RedQueenError(
      'invalid_argument',
      `--record with --sampling ${text}: what is recorded is what users get; leave --sampling out`,
    );
  return text;
}

/** Reads the words after `npm run bench --`. Throws `invalid_argument` for what it does not know. */
export function benchCommand(words: readonly string[]): BenchCommand {
  const options = {
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    threads: { type: 'string', default: '1' },
    sampling: { type: 'string', default: 'auto' },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...words], options }));
  } catch (cause) {
    throw new RedQueenError('invalid_argument', `bench: ${RedQueenError.from(cause).message}`, { cause });
  }
  const names = values.only.split(',').map((name) => name.trim());
  return {
    form: values.full ? 'full' : 'quick',
    json: values.json,
    record: values.record,
    page: values.page,
    threads: threadsOf(values.threads),
    sampling: samplingOf(values.sampling, values.record),
    benches: chosenBenches(names.filter((name) => name !== '')),
  };
}
