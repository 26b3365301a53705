import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PolicyCluster } from './support/policy-cluster.ts';

const run = 'mixed';
const agents = ['executor/0', 'executor/1'];
const mixed = { updates: 40, roles: { executor: { agents: 2, model: ['starter', 'wide'], adapter: { rank: 4, alpha: 8 } } } };

let cluster: PolicyCluster;
beforeAll(async () => {
  cluster = await PolicyCluster.start();
  await cluster.startRun(run, mixed);
  for (const agent of agents) await cluster.awaits(run, 'released', (told) => told.agent === agent && told.version === 0);
});
afterAll(() => cluster.close());

async function scored(agent: string) {
  const { groups } = await cluster.client.Score({ run, agent, prompts: [{ text: 'a=', continuations: ['b\n', 'c\n'] }] });
  return groups[0]!;
}

const likelihood = async (agent: string) => (await scored(agent)).samples[0]!.logProbs.reduce((sum, value) => sum + value, 0);

async function reward(agent: string, number: number): Promise<void> {
  const { samples, promptTokens, policy } = await scored(agent);
  const told = samples.map(({ tokens, logProbs }, index) => ({
    tokens,
    oldLogProbs: logProbs,
    advantages: tokens.map(() => (index === 0 ? 1 : -1)),
  }));
  const groups = [{ episodeId: `e${number}`, promptTokens, samples: told, version: policy?.version ?? 0 }];
  await cluster.tell(run, { kind: 'batch', body: { agent, number, groups, normaliser: 4, episodes: 2, sampledTokens: 4 } });
}

describe('agents with different base models', () => {
  it('share the threads, each model in a process of its own', async () => {
    expect(cluster.children()).toHaveLength(2);
    const { model, threads } = await cluster.client.Device({});
    expect({ model, threads }).toEqual({ model: 'starter.gguf, wide.gguf', threads: 2 });
    expect(await likelihood('executor/0')).not.toBe(await likelihood('executor/1'));
  });

  it('learn, each on its own model, and export adapters that only fit it', async () => {
    for (const agent of agents) {
      const before = await likelihood(agent);
      for (let number = 1; number <= 4; number++) await reward(agent, number);
      await cluster.awaits(run, 'released', (told) => told.agent === agent && told.version === 2);
      expect(await likelihood(agent)).toBeGreaterThan(before);
    }
    const [narrow, wide] = await Promise.all(agents.map(async (agent) => (await cluster.client.ExportAdapter({ run, agent })).gguf.length));
    expect(wide).toBeGreaterThan(narrow!);
  });

  it('do not notice when the process of another one’s model dies, and come back when their own does', async () => {
    const before = await Promise.all(agents.map(scored));
    for (const pid of cluster.children()) {
      process.kill(pid, 'SIGKILL');
      expect(await Promise.all(agents.map(scored))).toEqual(before);
    }
    await cluster.stopService();
    await cluster.serve();
    await expect.poll(() => Promise.all(agents.map(scored)).catch(String), { timeout: 60_000 }).toEqual(before);
  }, 120_000);

  it('are refused where there are fewer threads than models, and where another run needs the devices as they are', async () => {
    await cluster.startRun('wanting', { ...mixed, model: 'wider' });
    expect(await cluster.ended('wanting')).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/in use with .*starter\.gguf and .*wide\.gguf by run mixed/) as string,
    });
    await cluster.setStatus({ ...(await cluster.record(run))!, status: 'stopped' });
    await cluster.startRun('crowded', { ...mixed, model: 'wider' });
    expect(await cluster.ended('crowded')).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/3 base models and policy\.threads is 2/) as string,
    });
    await cluster.startRun('single', { updates: 4 });
    await cluster.awaits('single', 'released', (told) => told.agent === 'executor/0' && told.version === 0);
    expect(await cluster.client.Device({})).toMatchObject({ model: 'starter.gguf', threads: 2 });
  });
});
