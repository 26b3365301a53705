import { faultsOfPlugin, RedQueenError, type AnyPlugin } from '@redqueen/core';
import { pathToFileURL } from 'node:url';
import { locatePackage, type LocatedPackage } from './locate.ts';

/** What a package of plug-ins exports. */
interface PluginModule {
  readonly plugins?: unknown;
  readonly default?: unknown;
}

async function imported({ name, entry }: LocatedPackage): Promise<PluginModule> {
  try {
    return (await import(pathToFileURL(entry).href)) as PluginModule;
  } catch (error) {
    throw new RedQueenError('invalid_argument', `plugins: the package ${name} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The plug-in as recipes name it. */
function named(name: string, plugin: AnyPlugin): AnyPlugin {
  return { ...plugin, name: `${name}/${plugin.name}`, create: (options, tools) => plugin.create(options, tools) };
}

async function pluginsOf(located: LocatedPackage): Promise<readonly AnyPlugin[]> {
  const { name } = located;
  const module = await imported(located);
  const list = module.plugins ?? module.default;
  if (!Array.isArray(list)) {
    throw new RedQueenError(
      'invalid_argument',
      `plugins: the package ${name} exports no list of plug-ins; let it export const plugins = [definePlugin(…), …]`,
    );
  }
  const faults = list.flatMap((plugin: unknown, index) => faultsOfPlugin(plugin).map((fault) => `plugins[${index}]: ${fault}`));
  if (faults.length > 0)
    throw new RedQueenError('invalid_argument', `plugins: the package ${name} exports what is no plug-in: ${faults.join('; ')}`);
  return (list as readonly AnyPlugin[]).map((plugin) => named(name, plugin));
}

/**
 * The plug-ins of a recipe's packages, known as <package>/<name>. Packages are looked for where the process was started: by name, or by folder.
 * A package's code runs with the service's rights; name only packages that you trust.
 * Throws `invalid_argument` naming the package and what to do where it is missing, cannot be loaded or exports no plug-ins.
 */
export async function loadPlugins(packages: readonly string[], workingFolder: string = process.cwd()): Promise<readonly AnyPlugin[]> {
  const lists = await Promise.all(packages.map((wanted) => pluginsOf(locatePackage(wanted, workingFolder))));
  return lists.flat();
}
