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

/**
 * Names a service process over its restarts. Whoever sets it promises that at most one process of the name lives at a time, and starts the next one only
 * after the end of the one before: the next then takes over its predecessor's leases at once.
 */
export const instanceVariable = 'REDQUEEN_INSTANCE';

/** Variables that other programs know too, and the keys that they set. */
export const foreignVariables: Readonly<Record<string, string>> = { NATS_URL: 'bus.url', NATS_SERVER_BIN: 'bus.serverBinary' };

/**
 * The environment of a service process whose configuration is the resolved file alone:
 * what set a key for the launcher is in the file already, and must not win over it a second time. `instance`: see `instanceVariable`.
 */
export function childEnvironment(environment: Environment, configFile: string, instance?: string): Record<string, string> {
  const own = (name: string) => name.startsWith(variablePrefix) || name in foreignVariables || name === instanceVariable;
  const kept = Object.entries(environment).filter(([name]) => !own(name));
  const set = [...kept, [fileVariable, configFile], [instanceVariable, instance]];
  return Object.fromEntries(set.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
