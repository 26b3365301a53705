import { pluginKinds } from './kinds.ts';

const namePattern = /^[a-z0-9][a-z0-9-]*$/;

/** What is wrong with something that should be a plug-in: a line a fault; empty where nothing is. Names of packages are not looked at. */
export function faultsOfPlugin(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return ['it is no object; make it with definePlugin'];
  const { kind, name, source, about, options, create } = value as Readonly<Record<string, unknown>>;
  const faults: string[] = [];
  if (typeof kind !== 'string' || !Object.hasOwn(pluginKinds, kind)) {
    faults.push(`kind: ${JSON.stringify(kind)} is none of ${Object.keys(pluginKinds).join(', ')}`);
  }
  if (typeof name !== 'string' || !namePattern.test(name))
    faults.push(`name: ${JSON.stringify(name)} must be lower-case words with hyphens`);
  if (typeof source !== 'string' || source === '') faults.push('source: say where the method comes from');
  if (typeof about !== 'string' || about === '') faults.push('about: say in one sentence what it does');
  if (typeof (options as { safeParse?: unknown } | undefined)?.safeParse !== 'function') faults.push('options: must be a zod schema');
  if (typeof create !== 'function') faults.push('create: must be a function');
  return faults;
}
