import { RedQueenError } from '../errors.ts';
import { registryOf } from '../registry.ts';
import type { PluginKind, PluginTypes } from './kinds.ts';
import type { AnyPlugin, PluginOf } from './plugin.ts';

/** A plug-in as a recipe names it. */
export interface PluginChoice {
  readonly use: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The plug-ins of one kind that a service has. */
export interface PluginRegistry<Kind extends PluginKind> {
  readonly kind: Kind;
  readonly plugins: readonly PluginOf<Kind>[];
  /** Sorted. */
  readonly names: readonly string[];
  /** Throws `invalid_argument`, listing the known names, where there is none of that name. */
  get(name: string): PluginOf<Kind>;
  /** What a recipe chose. `where` is the recipe's key, for the error. Throws `invalid_argument` for an unknown name or an option that does not fit. */
  create(choice: PluginChoice, tools: PluginTypes[Kind]['tools'], where?: string): PluginTypes[Kind]['made'];
  /** This registry and those of the plug-ins that are of its kind. Throws `already_exists` where two share a name. */
  with(more: readonly AnyPlugin[]): PluginRegistry<Kind>;
}

/** The plug-ins of a kind by name. Throws `already_exists` where two share a name and `invalid_argument` for one of another kind. */
export function pluginRegistry<Kind extends PluginKind>(kind: Kind, plugins: readonly PluginOf<Kind>[]): PluginRegistry<Kind> {
  const what = kind.replaceAll('-', ' ');
  const stranger = plugins.find((plugin) => plugin.kind !== kind);
  if (stranger)
    throw new RedQueenError('invalid_argument', `${stranger.kind} ${stranger.name} is no ${what}; register it among its own kind`);
  const byName = registryOf(what, plugins);
  return {
    kind,
    plugins,
    names: byName.names,
    get: (name) => byName.get(name),
    create({ use, options = {} }, tools, where) {
      try {
        return byName.get(use).create(options, tools);
      } catch (error) {
        const { code, message } = RedQueenError.from(error);
        throw new RedQueenError(code, where === undefined ? message : `${where}: ${message}`, { cause: error });
      }
    },
    with: (more) => pluginRegistry(kind, [...plugins, ...more.filter((plugin) => plugin.kind === kind)] as readonly PluginOf<Kind>[]),
  };
}
