import type { Command } from 'commander';
import { loadConfig } from '@redqueen/runtime';
import { execute } from '../command.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';
import { textTable } from '../render/text-table.ts';

/** Every leaf of the configuration by its dotted path. */
function leaves(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, child]): [string, unknown][] =>
    typeof child === 'object' && child !== null ? leaves(child as object, `${prefix}${key}.`) : [[`${prefix}${key}`, child]],
  );
}

/** `redqueen config print`: every key with its value and where that came from. */
export function addConfig(program: Command): void {
  const config = program.command('config').description('the configuration');
  const print = config.command('print').description('every key, its value and where that came from');
  for (const option of clusterOptions()) print.addOption(option);
  print.action((options: CommonOptions) =>
    execute(options, async ({ terminal }) => {
      const loaded = loadConfig({ file: options.config, flags: { dataDir: options.data, 'bus.kind': options.bus } });
      if (options.json) return terminal.print(JSON.stringify(loaded));
      const rows = leaves(loaded.config).map(([key, value]) => [key, JSON.stringify(value), loaded.provenance[key] ?? 'default']);
      for (const line of textTable(['key', 'value', 'from'], rows, ['left', 'left', 'left'])) terminal.print(line);
    }),
  );
}
