import { contextManagers, RedQueenError } from '@redqueen/core';
import { recordOf } from '@redqueen/testkit';
import { expect, test } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { connectRpc } from '../rpc/client.ts';
import { startRpcServer } from '../rpc/server.ts';
import { faultsOfRecipe, pluginHandlers, recipeCheck } from './recipe-check.ts';

const { plugins } = contextManagers;

test('faults of choices come first; only a recipe without any is tried on the service itself', async () => {
  const check = (): never => {
    throw new RedQueenError('failed_precondition', 'driver: cannot be trained on');
  };
  expect(await faultsOfRecipe(recordOf().recipe, { plugins, check })).toEqual(['driver: cannot be trained on']);
  expect(await faultsOfRecipe(recordOf({ context: { use: 'none' } }).recipe, { plugins, check })).toEqual([
    'context: there is no context manager "none"; known: linear, recall',
  ]);
  expect(await faultsOfRecipe(recordOf({ plugins: ['./nowhere'] }).recipe, { plugins })).toEqual([expect.stringMatching(/nowhere/)]);
});

test('over the wire', async () => {
  const implementation = { PluginService: pluginHandlers({ rpc: {}, dependencies: [], plugins }) };
  const server = await startRpcServer({ host: '127.0.0.1', port: 0, logger: silentLogger, implementation });
  const client = connectRpc('PluginService', `127.0.0.1:${server.port}`);
  const check = recipeCheck(() => client);
  expect(await check('executor', recordOf().recipe)).toEqual([]);
  expect(await check('executor', recordOf({ context: { use: 'none' } }).recipe)).toHaveLength(1);
  client.close();
  await server.drain(100);
});
