import { z } from 'zod';
import { RedQueenError } from '../errors.ts';
import { registryOf } from '../registry.ts';
import { pluginKinds, type PluginKind } from './kinds.ts';
import type { AnyPlugin } from './plugin.ts';

/** A plug-in for a reader or a program. */
export interface PluginDescription {
  readonly kind: PluginKind;
  readonly name: string;
  readonly about: string;
  readonly source: string;
  /** JSON Schema of what a recipe may write under `options`. */
  readonly options: object;
}

/** What there is to know about a plug-in. */
export function describePlugin({ kind, name, about, source, options }: AnyPlugin): PluginDescription {
  const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
  return { kind, name, about, source, options: schema };
}

/** The plug-in of that kind and name, written KIND/NAME. Throws `invalid_argument` with the kinds, or the names of the kind, that there are. */
export function pluginNamed(text: string, plugins: readonly AnyPlugin[]): AnyPlugin {
  const slash = text.indexOf('/');
  const kind = slash < 0 ? text : text.slice(0, slash);
  const ofKind = plugins.filter((plugin) => plugin.kind === kind);
  if (!Object.hasOwn(pluginKinds, kind)) {
    throw new RedQueenError(
      'invalid_argument',
      `${JSON.stringify(text)}: write KIND/NAME, KIND being one of ${Object.keys(pluginKinds).join(', ')}`,
    );
  }
  return registryOf(kind.replaceAll('-', ' '), ofKind).get(slash < 0 ? '' : text.slice(slash + 1));
}
