import { mergePatch, parseWith, RedQueenError } from '@redqueen/core';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { fileVariable, processEnvironment, type Environment } from './environment.ts';
import { environmentLayer, isSettings, leaves, treeOf, type Layer, type Settings } from './layers.ts';
import { configSchema, type Config } from './schema.ts';

/** The folder that holds the project: config/, proto/, services/. */
export const projectFolder = join(import.meta.dirname, '../../../..');

/** Where to read settings from. */
export interface LoadOptions {
  /** Settings of the command line by dotted path, e.g. {'bus.kind': 'nats'}; undefined ones count as not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Configuration file; REDQUEEN_CONFIG, else config/redqueen.yaml of the working directory, else that of the project, when left out. */
  readonly file?: string | undefined;
  /** The process's own when left out. */
  readonly environment?: Environment;
  /** Working directory; the process's own when left out. */
  readonly workingFolder?: string;
}

/** A configuration and where each of its keys came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** By dotted path: "default", "file /path", "environment variable NAME" or "flag". */
  readonly provenance: Readonly<Record<string, string>>;
}

function fileToRead(options: LoadOptions, environment: Environment, folder: string): string | undefined {
  const named = options.file ?? environment[fileVariable];
  if (named) {
    const file = resolve(folder, named);
    if (!existsSync(file))
      throw new RedQueenError('not_found', `configuration file ${file} does not exist; check --config or ${fileVariable}`);
    return file;
  }
  return [folder, projectFolder].map((place) => join(place, 'config/redqueen.yaml')).find((file) => existsSync(file));
}

function fileLayer(file: string): Layer {
  let parsed: unknown;
  try {
    parsed = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RedQueenError('invalid_argument', `configuration file ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  // An empty file, or one of comments alone, sets nothing.
  if (parsed === null || parsed === undefined) return { source: `file ${file}`, settings: {} };
  if (!isSettings(parsed)) throw new RedQueenError('invalid_argument', `configuration file ${file} must hold keys and values`);
  return { source: `file ${file}`, settings: parsed };
}

function flagLayer(flags: Readonly<Record<string, unknown>>): Layer {
  return { source: 'flag', settings: treeOf(Object.entries(flags).filter(([, value]) => value !== undefined)) };
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) frozen(child);
    Object.freeze(value);
  }
  return value;
}

function withAbsoluteFolders(config: Config, folder: string): Config {
  const inProject = (path: string) => (isAbsolute(path) ? path : join(projectFolder, path));
  return {
    ...config,
    dataDir: resolve(folder, config.dataDir),
    recipesFolder: inProject(config.recipesFolder),
    signing: { ...config.signing, keysFolder: resolve(folder, config.signing.keysFolder || join(config.dataDir, 'keys')) },
    policy: { ...config.policy, modelsFolder: inProject(config.policy.modelsFolder) },
  };
}

/**
 * The configuration: defaults, overridden by the file, overridden by environment variables, overridden by flags.
 * Throws `invalid_argument` naming the source, the key and, for an unknown key, the known ones.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const environment = options.environment ?? processEnvironment();
  const folder = options.workingFolder ?? process.cwd();
  const defaults = configSchema.parse({}) as Settings;
  const file = fileToRead(options, environment, folder);
  const layers = [...(file ? [fileLayer(file)] : []), environmentLayer(environment, defaults), flagLayer(options.flags ?? {})];
  const provenance = new Map(leaves(defaults).map(([path]) => [path, 'default']));
  for (const { source, settings, sources } of layers) {
    // Each layer alone, so that the error names the place to mend.
    const faulty = Object.entries(sources ?? {}).map(([path, name]) => `${name} (${path})`);
    parseWith(configSchema, settings, faulty.length > 0 ? faulty.join(', ') : source);
    for (const [path] of leaves(settings)) provenance.set(path, sources?.[path] ?? source);
  }
  const merged = layers.reduce<unknown>((below, { settings }) => mergePatch(below, settings), {});
  const config = withAbsoluteFolders(configSchema.parse(merged), folder);
  return { config: frozen(config), provenance: Object.fromEntries(provenance) };
}
