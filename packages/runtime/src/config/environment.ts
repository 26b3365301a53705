/** Variables of the process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. The only place in Red Queen that reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

/** Prefix of the variables that set a key of the configuration: REDQUEEN__BUS__KIND sets bus.kind. */
export const variablePrefix = 'REDQUEEN__';
/** Names the configuration file. */
export const fileVariable = 'REDQUEEN_CONFIG';

/** Variables that other programs know too, and the keys that they set. */
export const foreignVariables: Readonly<Record<string, string>> = { NATS_URL: 'bus.url', NATS_SERVER_BIN: 'bus.serverBinary' };

/**
 * The environment of a service process whose configuration is the resolved file alone:
 * what set a key for the launcher is in the file already, and must not win over it a second time.
 */
export function childEnvironment(environment: Environment, configFile: string): Record<string, string> {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith(variablePrefix) && !(name in foreignVariables));
  return Object.fromEntries([...kept, [fileVariable, configFile]].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
