import { RedQueenError } from '@redqueen/core';
import { summariseModel, type ModelSummary } from '@redqueen/llama/model-summary';
import { pullModel, type PullProgress } from '@redqueen/llama/pull-model';
import {
  isModelAddress,
  loadConfig,
  modelFile,
  modelNames,
  processEnvironment,
  pulledModelFile,
  pulledModelNames,
} from '@redqueen/runtime';
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { type CommandContext, execute } from '../command.ts';
import type { CommonOptions } from '../options.ts';
import { shortCount } from '../render/figures.ts';
import { textTable } from '../render/text-table.ts';

interface ModelsOptions extends Pick<CommonOptions, 'json' | 'config'> {}

/** A model by name, or what is wrong with its file. */
type Listed = { readonly model: string } & (ModelSummary | { readonly error: string });

const modelsFolder = (options: ModelsOptions): string => loadConfig({ file: options.config }).config.policy.modelsFolder;

function listed(model: string, folder: string): Listed {
  try {
    return { model, ...summariseModel(modelFile(model, folder)) };
  } catch (error) {
    return { model, error: RedQueenError.from(error).message };
  }
}

function typesText(types: ModelSummary['types']): string {
  return Object.entries(types)
    .map(([name, share]) => `${name} ${(100 * share).toFixed(share > 0.995 ? 0 : 1)} %`)
    .join(', ');
}

function rowOf(entry: Listed): string[] {
  if ('error' in entry) return [entry.model, '', '', '', '', '', `cannot be read: ${entry.error}`];
  const { model, architecture, parameters, bytes, types, context, training } = entry;
  return [model, architecture, shortCount(parameters), mebibytes(bytes), Object.keys(types)[0] ?? '', String(context), training];
}

function trainingText({ training, reason }: ModelSummary): string {
  if (training === 'gradients') return 'by gradients';
  return training === 'none' ? `none: ${reason}` : `by evolution strategies alone: ${reason}`;
}

function inspected(file: string, summary: ModelSummary): string[][] {
  const { name, architecture, parameters, bytes, types, layers, width, context, vocabulary, chatTemplate } = summary;
  return [
    ['file', file],
    ['name', name || '–'],
    ['architecture', `${architecture}, ${layers} layers of width ${width}`],
    ['weights', `${parameters.toLocaleString('en')} in ${mebibytes(bytes)}`],
    ['types', typesText(types)],
    ['context', `${context} tokens`],
    ['vocabulary', `${vocabulary} tokens`],
    ['chat template', chatTemplate ? 'yes' : 'none'],
    ['training', trainingText(summary)],
  ];
}

function addCommon(command: Command): Command {
  return command.option('--config <file>', 'configuration file (default: config/redqueen.yaml)').option('--json', 'one line of JSON');
}

/** Fetches a model into the cache and says what it is. What is there already is not fetched again. */
async function pull(address: string, options: ModelsOptions, { terminal, signal }: CommandContext): Promise<void> {
  if (!isModelAddress(address)) {
    throw new RedQueenError(
      'invalid_argument',
      `model ${JSON.stringify(address)} is no address; give hf:user/repository/file.gguf, hf:user/repository:quantisation or an http(s) URL`,
    );
  }
  const file = pulledModelFile(address);
  if (!existsSync(file)) {
    const hub = processEnvironment()['HF_ENDPOINT'];
    const onProgress = ({ done, total }: PullProgress): void =>
      terminal.status(`${mebibytes(done)} of ${mebibytes(total)}, ${Math.floor((100 * done) / Math.max(1, total))} %`);
    await pullModel({ address, file, onProgress, signal, ...(hub !== undefined && hub !== '' && { hub }) });
  }
  const summary = summariseModel(file);
  if (options.json) return terminal.print(JSON.stringify({ file, ...summary }));
  for (const [key, value] of inspected(file, summary)) terminal.print(`${key?.padEnd(14)}${value}`);
  terminal.say(`Name it in a recipe as model: ${address}`);
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** `redqueen models list|inspect|pull`: the base models that recipes may name. */
export function addModels(program: Command): void {
  const models = program.command('models').description('the base models that recipes may name');
  addCommon(
    models.command('list').description('those in the models folder, and those that were pulled, by the names that recipes give them'),
  ).action((options: ModelsOptions) =>
    execute(options, async ({ terminal }) => {
      const folder = modelsFolder(options);
      const all = [...modelNames(folder), ...pulledModelNames()].map((model) => listed(model, folder));
      if (options.json) return terminal.print(JSON.stringify(all));
      if (all.length === 0)
        return terminal.print(
          `No model in ${folder}, and none was pulled. Put GGUF files there, pull one, or give a recipe a path as its model.`,
        );
      const head = ['model', 'architecture', 'weights', 'size', 'type', 'context', 'training'];
      for (const line of textTable(head, all.map(rowOf), ['left', 'left', 'right', 'right', 'left', 'right', 'left'])) terminal.print(line);
    }),
  );
  const inspect = models.command('inspect').description('what a model file says of itself, and whether agents can be trained on it');
  addCommon(inspect.argument('<model>', 'a name in the models folder, a path, or the address of a pulled one')).action(
    (model: string, options: ModelsOptions) =>
      execute(options, async ({ terminal }) => {
        const file = modelFile(model, modelsFolder(options));
        const summary = summariseModel(file);
        if (options.json) return terminal.print(JSON.stringify({ file, ...summary }));
        for (const [key, value] of inspected(file, summary)) terminal.print(`${key?.padEnd(14)}${value}`);
      }),
  );
  const fetched = models.command('pull').description('fetch a model into the cache; a broken-off pull goes on where it stopped');
  addCommon(fetched.argument('<address>', 'hf:user/repository/file.gguf, hf:user/repository:quantisation, or a URL')).action(
    (address: string, options: ModelsOptions) => execute(options, (context) => pull(address, options, context)),
  );
}
