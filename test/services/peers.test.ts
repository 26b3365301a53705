import type { Body, Kind, Message } from '@redqueen/contract';
import { interactionReward, peerTurnNumber, type Recipe } from '@redqueen/core';
import { addresses, loadConfig, loadRecipe, processEnvironment } from '@redqueen/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRoles, type RoleCluster } from './cluster.ts';

const { config } = loadConfig({ environment: {}, flags: {} });
const model = processEnvironment()['REDQUEEN_TEST_MODEL'] ?? join(config.policy.modelsFolder, 'starter.gguf');

/** Two versions of each of two peers, 16 episodes each. */
const patch = { model, updates: 4, roles: { executor: { agents: 2, batch: 8, updatesPerVersion: 2 } } };
const peers = ['executor/0', 'executor/1'];

describe.skipIf(!existsSync(model))('peers in discussion, with the real device, in one process', () => {
  let cluster: RoleCluster;
  let recipe: Recipe;
  let messages: Message[];
  const bodies = <K extends Kind>(kind: K): Body<K>[] =>
    messages.flatMap((message) => (message.kind === kind ? [message.body as Body<K>] : []));
  const ended = new Set<string>();

  beforeAll(async () => {
    cluster = await startRoles();
    recipe = loadRecipe('comas', config.recipesFolder, patch);
    await cluster.start('peers', recipe);
    await cluster.until('peers', ({ kind, body }) => {
      if (kind === 'released' && (body as Body<'released'>).last) ended.add((body as Body<'released'>).agent);
      return ended.size === peers.length;
    });
    const anchors = { perArm: 1, purpose: 'ANCHOR_PURPOSE_DEVELOP', sampled: true, replyTo: addresses.gateway } as const;
    for (const agent of peers) {
      const anchorId = `look-${agent}`;
      await cluster.tell('peers', anchorId, addresses.executor, { kind: 'anchorTask', body: { ...anchors, anchorId, agent, version: 2 } });
    }
    let answered = 0;
    messages = await cluster.until('peers', ({ kind }) => kind === 'anchorResult' && ++answered === peers.length);
  }, 120_000);
  afterAll(async () => await cluster?.close());

  test('each peer has a lineage of its own: versions, adapters and as many updates as the run has', () => {
    for (const agent of peers) {
      const released = bodies('released').filter((body) => body.agent === agent);
      expect(released.map(({ version, updates, last }) => [version, updates, last])).toEqual([
        [0, 0, false],
        [1, 2, false],
        [2, 4, true],
      ]);
    }
    const hashes = bodies('candidate').map(({ adapterHash }) => adapterHash);
    expect(new Set(hashes).size).toBe(4);
  });

  test('both make attempts; each is evaluated and scored by the other, with the weights that it says', () => {
    const all = bodies('attempts');
    expect(new Set(all.map(({ group }) => group?.policy?.agent))).toEqual(new Set(peers));
    for (const { group, acts } of all) {
      expect(acts).toHaveLength(2 * recipe.attemptsPerTask);
      for (const { agent, group: own } of acts) {
        expect(agent).not.toBe(group?.policy?.agent);
        expect(own?.policy?.agent).toBe(agent);
        expect(own?.samples[0]?.logProbs).toHaveLength(own?.samples[0]?.tokens.length ?? -1);
      }
    }
  });

  test('what was told follows from the acts, and truth is never asked', () => {
    const told = new Map(bodies('rewards').map(({ episodeId, rewards }) => [episodeId, rewards]));
    const [settlements, discussed] = [bodies('settlement'), bodies('attempts')];
    expect(settlements.length).toBeGreaterThanOrEqual(32);
    expect(settlements.filter(({ status }) => status !== 'SETTLEMENT_STATUS_SETTLED')).toEqual([]);
    for (const { taskId, acts } of discussed) {
      for (const { agent, kind, attempt, score } of acts) {
        const name = kind === 'PEER_ACT_KIND_SCORING' ? 'scoring' : 'evaluation';
        const scored = name === 'scoring' ? score : acts.find((one) => one.kind !== kind && one.attempt === attempt)?.score;
        const turn = peerTurnNumber(name, attempt, recipe.attemptsPerTask);
        const reward = told.get(taskId)?.find((one) => one.agent === agent && one.turn === turn);
        expect(reward).toMatchObject({ term: 'interaction', value: interactionReward(name, scored) });
      }
    }
    const outcomes = [...told.values()].flat().filter(({ term }) => term === 'outcome');
    expect(outcomes.every(({ evidence }) => evidence.includes('by peer'))).toBe(true);
  });

  test('batches hold attempts and acts of their own agent, and count the same episodes', () => {
    for (const agent of peers) {
      // Episodes that were under way when the last update was made fill further batches, which nobody trains on.
      const own = bodies('batch').filter((batch) => batch.agent === agent && batch.number <= recipe.updates);
      expect(own.map(({ number, episodes }) => [number, episodes])).toEqual([1, 2, 3, 4].map((number) => [number, 8]));
      expect(own.flatMap(({ groups }) => groups).some(({ episodeId }) => episodeId.includes('#'))).toBe(true);
      for (const { stale, refused } of own) expect([stale, refused]).toEqual([0, 0]);
    }
    const digests = (agent: string) => bodies('batch').flatMap((batch) => (batch.agent === agent ? [batch.settlementDigests] : []));
    expect(digests('executor/1').map((one) => one.toSorted())).toEqual(digests('executor/0').map((one) => one.toSorted()));
  });

  test('the one executor actor tries the anchors of each peer with its own weights', () => {
    const results = bodies('anchorResult');
    for (const agent of peers) {
      const result = results.find(({ task }) => task?.agent === agent);
      expect(result?.policy).toMatchObject({ agent, version: 2 });
      expect(result?.figures.map(({ name }) => name)).toEqual(expect.arrayContaining(['greedy', 'sampled']));
    }
    expect(results[0]?.policy?.adapterHash).not.toBe(results[1]?.policy?.adapterHash);
  });
});
