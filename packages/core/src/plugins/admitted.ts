import type { Environment, Task } from './environment.ts';
import type { AnyPlugin } from './plugin.ts';

/** Environments of packages that this process has loaded, by <package>/<name>. */
const admitted = new Map<string, Environment>();

/**
 * The environment under another name. Its own tasks bear the name that its author gave; everybody else's bear `name`.
 * Written out, because what an environment does may hang on its prototype.
 */
export function renamedEnvironment(environment: Environment, name: string): Environment {
  const renamed = <Found extends Task | undefined>(task: Found): Found => (task === undefined ? task : { ...task, environment: name });
  return {
    name,
    families: environment.families,
    generate: (family, level, random) => renamed(environment.generate(family, level, random)),
    parse: (text) => renamed(environment.parse(text)),
    prompt: (task) => environment.prompt(task),
    splitOf: (task) => environment.splitOf(task),
    reset: (task) => environment.reset(task),
    actions: (state) => environment.actions(state),
    step: (state, action) => environment.step(state, action),
    snapshot: (state) => environment.snapshot(state),
    restore: (text) => environment.restore(text),
    actionsOf: (task, answer) => environment.actionsOf(task, answer),
    ...(environment.remaining && { remaining: (state: unknown) => renamed(environment.remaining?.(state)) }),
  };
}

/** Makes the environments among the plug-ins of a package known to this process under the plug-ins' names. Again changes nothing but the code behind them. */
export function admitEnvironments(plugins: readonly AnyPlugin[]): void {
  for (const plugin of plugins) {
    if (plugin.kind !== 'environment') continue;
    admitted.set(plugin.name, renamedEnvironment(plugin.create({}, {} as never) as Environment, plugin.name));
  }
}

/** The environment of a package that was loaded; undefined where there is none of that name. */
export function admittedEnvironment(name: string): Environment | undefined {
  return admitted.get(name);
}

/** Names of the environments of packages that were loaded, in the order in which they came. */
export function admittedEnvironments(): readonly string[] {
  return [...admitted.keys()];
}
