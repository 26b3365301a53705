import { describePlugin, pluginKinds, pluginNamed, type AnyPlugin, type PluginDescription } from '@redqueen/core';
import { loadPlugins } from '@redqueen/runtime';
import type { Command } from 'commander';
import { execute } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { knownPlugins } from '../launch/known-plugins.ts';
import type { CommonOptions } from '../options.ts';
import { textTable } from '../render/text-table.ts';
import { stringify } from 'yaml';

interface PluginOptions extends Pick<CommonOptions, 'json'> {
  readonly package?: readonly string[];
}

/** The plug-ins that come with Red Queen and those of the packages, in the order of the kinds. */
async function allPlugins({ package: packages = [] }: PluginOptions): Promise<readonly AnyPlugin[]> {
  const all = [...(await knownPlugins()), ...(await loadPlugins(packages))];
  return Object.keys(pluginKinds).flatMap((kind) => all.filter((plugin) => plugin.kind === kind));
}

function described({ kind, name, about, source, options }: PluginDescription): string[] {
  const lines = [`${kind}/${name}: ${about}`, `Answers: ${pluginKinds[kind]}`, `Source: ${source}`];
  const { properties = {} } = options as { readonly properties?: object };
  if (Object.keys(properties).length === 0) return [...lines, 'Options: none'];
  return [
    ...lines,
    'Options:',
    ...stringify(properties)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}

function addCommon(command: Command): Command {
  return command
    .option('--package <package...>', 'also those of npm packages: names, or folders that begin with "./"')
    .option('--json', 'one line of JSON, with the options as JSON Schema');
}

function addCheck(plugins: Command): void {
  const check = plugins.command('check').description('whether a package’s plug-ins keep what their interfaces promise');
  check.argument('<package>', 'name of an npm package, or a folder that begins with "."').option('--json', 'one line of JSON');
  check.action((name: string, options: PluginOptions) =>
    execute(options, async ({ terminal }) => {
      // The kits bring test tools along, which no other command needs.
      const { checkPackage } = await import('../plugin-kits.ts');
      const all = await checkPackage(name);
      const broken = all.filter(({ fault }) => fault !== undefined);
      if (options.json) terminal.print(JSON.stringify({ kept: all.length - broken.length, broken }));
      for (const [plugin, promises] of Map.groupBy(all, (one) => one.plugin)) {
        if (options.json) continue;
        const faults = promises.filter(({ fault }) => fault !== undefined);
        terminal.print(`${plugin}: ${promises.length - faults.length} of ${promises.length} promises kept`);
        for (const { promise, fault } of faults) terminal.print(`  broken: ${promise}\n    ${fault?.replaceAll('\n', '\n    ')}`);
      }
      return broken.length === 0 ? exitCodes.done : exitCodes.failed;
    }),
  );
}

/** `redqueen plugins list|describe|check`: the strategies that recipes may name. */
export function addPlugins(program: Command): void {
  const plugins = program.command('plugins').description('the strategies that recipes may name');
  addCommon(plugins.command('list').description('all of them, by interface')).action((options: PluginOptions) =>
    execute(options, async ({ terminal }) => {
      const all = await allPlugins(options);
      if (options.json) return terminal.print(JSON.stringify(all.map(describePlugin)));
      const rows = all.map(({ kind, name, about }) => [kind, name, about]);
      for (const line of textTable(['kind', 'name', 'about'], rows, ['left', 'left', 'left'])) terminal.print(line);
    }),
  );
  addCheck(plugins);
  const describe = plugins.command('describe').description('one of them: its source and its options').argument('<kind/name>');
  addCommon(describe).action((text: string, options: PluginOptions) =>
    execute(options, async ({ terminal }) => {
      const description = describePlugin(pluginNamed(text, await allPlugins(options)));
      if (options.json) return terminal.print(JSON.stringify(description));
      for (const line of described(description)) terminal.print(line);
    }),
  );
}
