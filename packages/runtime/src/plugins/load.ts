import { admitEnvironments, faultsOfPlugin, RedQueenError, type AnyPlugin } from '@redqueen/core';
import { pathToFileURL } from 'node:url';
import { locatePackage, type LocatedPackage } from './locate.ts';

/** What a package of plug-ins exports. */
interface PluginModule {
  readonly plugins?: unknown;
  readonly truths?: unknown;
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
 * The plug-ins of a recipe's packages, known as <package>/<name>; environments among them are known to this process from then on. Packages are looked for where the process was started: by name, or by folder.
 * A package's code runs with the service's rights; name only packages that you trust.
 * Throws `invalid_argument` naming the package and what to do where it is missing, cannot be loaded or exports no plug-ins.
 */
export async function loadPlugins(packages: readonly string[], workingFolder: string = process.cwd()): Promise<readonly AnyPlugin[]> {
  const lists = await Promise.all(packages.map((wanted) => pluginsOf(locatePackage(wanted, workingFolder))));
  const plugins = lists.flat();
  admitEnvironments(plugins);
  return plugins;
}

/** What the truth entry of a package exports. */
export interface PackageTruths {
  /** The package's name, as its package.json says. */
  readonly name: string;
  /** What it exports as `truths`; whether it is a list of truths is for the reader to say. */
  readonly truths: unknown;
}

/**
 * The ground truth of those packages of a recipe that bring an environment: what their entry "./truth" exports. Only the verifier asks for it.
 * Throws `invalid_argument` where a package brings an environment and no such entry.
 */
export async function loadTruths(packages: readonly string[], workingFolder: string = process.cwd()): Promise<readonly PackageTruths[]> {
  const truths: PackageTruths[] = [];
  for (const wanted of packages) {
    const plugins = await loadPlugins([wanted], workingFolder);
    if (!plugins.some(({ kind }) => kind === 'environment')) continue;
    const located = locatePackage(wanted, workingFolder, './truth');
    truths.push({ name: located.name, truths: (await imported(located)).truths });
  }
  return truths;
}
