import { z } from 'zod';
import { parseWith } from '../schema-errors.ts';
import type { PluginKind, PluginTypes } from './kinds.ts';

/** What a plug-in of no tools is created with. */
export type NoTools = Readonly<Record<never, never>>;

/**
 * A strategy that a recipe names: one small file with its formula, its source and its options.
 * `Made` is what it creates, `Tools` what it is given of the service that uses it.
 */
export interface Plugin<Made = unknown, Tools = never> {
  readonly kind: PluginKind;
  /** Lower-case words with hyphens, unique among its kind; the plug-ins of an npm package are known as <package>/<name>. */
  readonly name: string;
  /** Where the method comes from: paper and equation, or "ours". */
  readonly source: string;
  /** What it does, in one sentence. */
  readonly about: string;
  /** The options that a recipe may give; a strict object, so that a mistyped key is refused. */
  readonly options: z.ZodType;
  /** Checks the options and makes it. Throws `invalid_argument` naming each option that does not fit. */
  create(options: unknown, tools: Tools): Made;
}

/** A plug-in of one kind. */
export type PluginOf<Kind extends PluginKind> = Plugin<PluginTypes[Kind]['made'], PluginTypes[Kind]['tools']>;

/** A plug-in of any kind. */
export type AnyPlugin = Plugin<unknown, never>;

const noOptions = z.strictObject({});

/** What `definePlugin` is given: a plug-in whose `create` sees options that were checked. */
export interface PluginDefinition<Kind extends PluginKind, Options extends z.ZodType> {
  readonly kind: Kind;
  readonly name: string;
  readonly source: string;
  readonly about: string;
  /** Left out where there are none. */
  readonly options?: Options;
  create(options: z.output<Options>, tools: PluginTypes[Kind]['tools']): PluginTypes[Kind]['made'];
}

/** A plug-in of the kind that its definition names: what it makes and what it is given follow from the kind, and its options are checked before it sees them. */
export function definePlugin<Kind extends PluginKind, Options extends z.ZodType = typeof noOptions>(
  definition: PluginDefinition<Kind, Options>,
): PluginOf<Kind> {
  const options: z.ZodType = definition.options ?? noOptions;
  return {
    ...definition,
    options,
    create: (given, tools) =>
      definition.create(parseWith(options, given ?? {}, `options of ${definition.name}`) as z.output<Options>, tools),
  };
}
