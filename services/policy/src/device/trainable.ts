import { agentsOf, RedQueenError } from '@redqueen/core';
import type { RunPlan } from '../lineage/state.ts';
import { optimizers } from '../optimizers/index.ts';
import type { RunHosts } from './hosts.ts';

/** Throws `failed_precondition` where an agent is to learn by gradients on a base model that has none here, naming both and what to do. */
export async function checkTrainable({ recipe, plugins = [] }: RunPlan, hosts: RunHosts, signal: AbortSignal): Promise<void> {
  const registry = optimizers.with(plugins);
  for (const { agent, role } of agentsOf(recipe)) {
    const { trains, optimizer } = recipe.roles[role];
    const { report } = await hosts.of(agent).running(signal);
    if (!trains || report.untrainable === undefined || registry.create(optimizer, {}, `roles.${role}.optimizer`).gradientFree) continue;
    throw new RedQueenError(
      'failed_precondition',
      `${agent} cannot learn by ${optimizer.use}: ${report.untrainable}; with roles.${role}.optimizer.use: evolution-strategies it can, without gradients`,
    );
  }
}
