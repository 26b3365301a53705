import { type AnyPlugin, type PluginKind, type PluginOf, RedQueenError } from '@redqueen/core';
import * as kits from '@redqueen/core/conformance';
import { environmentByName } from '@redqueen/environments';
import { environmentConformance } from '@redqueen/environments/conformance';
import { admitTruths, truthByName } from '@redqueen/environments/truth';
import { loadPlugins, loadTruths } from '@redqueen/runtime';

/** A promise of a plug-in, and what became of it. */
export interface Checked {
  /** E.g. "environment my-agents/tens". */
  readonly plugin: string;
  readonly promise: string;
  /** Why it is broken; undefined where it is kept. */
  readonly fault: string | undefined;
}

/** The kits that need nothing but the plug-in. The others want a policy and tasks, which only its author can choose. */
const kitOf: { readonly [Kind in PluginKind]?: (plugin: PluginOf<Kind>) => readonly kits.Conformance[] } = {
  environment: (plugin) => environmentConformance(environmentByName(plugin.name), truthByName(plugin.name)),
  curriculum: (plugin) => kits.curriculumConformance(plugin),
  'memory-store': (plugin) => kits.memoryStoreConformance(plugin),
  'context-manager': (plugin) => kits.contextManagerConformance(plugin),
  'reward-term': (plugin) => kits.rewardTermConformance(plugin),
  'credit-assigner': (plugin) => kits.creditAssignerConformance(plugin),
  'policy-optimizer': (plugin) => kits.policyOptimizerConformance(plugin),
  lineage: (plugin) => kits.lineageConformance(plugin),
};

async function checked(plugin: AnyPlugin, { promise, check }: kits.Conformance): Promise<Checked> {
  const name = `${plugin.kind} ${plugin.name}`;
  try {
    await check();
    return { plugin: name, promise, fault: undefined };
  } catch (error) {
    return { plugin: name, promise, fault: RedQueenError.from(error).message };
  }
}

/**
 * Checks what a package's plug-ins promise by their kind's conformance kit, one after the other. Throws `invalid_argument` where the package cannot be
 * loaded, or brings an environment without its truth.
 */
export async function checkPackage(name: string): Promise<readonly Checked[]> {
  const plugins = await loadPlugins([name]);
  for (const { name: packageName, truths } of await loadTruths([name])) admitTruths(packageName, truths);
  const all: Checked[] = [];
  for (const plugin of plugins) {
    const kit = kitOf[plugin.kind] as ((plugin: AnyPlugin) => readonly kits.Conformance[]) | undefined;
    for (const conformance of kit?.(plugin) ?? kits.pluginConformance(plugin)) all.push(await checked(plugin, conformance));
  }
  return all;
}
