import type { Body } from '@redqueen/contract';
import { loadConfig, loadRecipe, processEnvironment } from '@redqueen/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { optimizers } from '../../services/policy/src/optimizers/index.ts';
import { startRoles, type RoleCluster } from './cluster.ts';

const { config } = loadConfig({ environment: {}, flags: {} });
const model = processEnvironment()['REDQUEEN_TEST_MODEL'] ?? join(config.policy.modelsFolder, 'starter.gguf');
/** Two versions of two updates each. */
const updates = 4;

describe.skipIf(!existsSync(model))('every policy optimizer, with the real device, in one process', () => {
  let cluster: RoleCluster;
  beforeAll(async () => {
    cluster = await startRoles();
  }, 60_000);
  afterAll(async () => await cluster?.close());

  test.each(optimizers.names)(
    '%s trains the executor: its versions differ, by gradients that are not zero',
    async (use) => {
      const options = use === 'evolution-strategies' ? { pairs: 2 } : {};
      const executor = { optimizer: { use, options, klToBase: 0.01, klEstimator: 'k2' }, batch: 8, updatesPerVersion: 2 };
      const plain = { roles: { executor: { optimizer: { options: null } } } };
      const recipe = loadRecipe('nft', config.recipesFolder, plain, { model, updates, roles: { executor } });
      const run = `optimizer-${use}`;
      await cluster.start(run, recipe);
      const messages = await cluster.until(run, ({ kind, body }) => kind === 'released' && (body as Body<'released'>).last);
      const candidates = messages.flatMap(({ kind, body }) => (kind === 'candidate' ? [body as Body<'candidate'>] : []));
      expect(new Set(candidates.map(({ adapterHash }) => adapterHash)).size).toBe(2);
      for (const { stats } of candidates) expect(stats?.gradientNorm).toBeGreaterThan(0);
    },
    60_000,
  );
});
