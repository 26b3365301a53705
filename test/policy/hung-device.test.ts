import { afterAll, beforeAll, expect, it } from 'vitest';
import { PolicyCluster } from './support/policy-cluster.ts';

let cluster: PolicyCluster;
beforeAll(async () => {
  cluster = await PolicyCluster.start({ 'policy.hangSeconds': 3 });
}, 120_000);
afterAll(() => cluster.close());

it('a native child that is stopped is killed and started again, and the calls under way are answered', async () => {
  const agent = 'executor/0';
  await cluster.startRun('hung', { updates: 40 });
  await cluster.awaits('hung', 'released', (told) => told.agent === agent && told.version === 0);
  const generate = () =>
    cluster.client.Generate({ run: 'hung', agent, prompts: [{ text: 'a=', samples: 2, seed: 1 }], maxTokens: 4, temperature: 1 });
  const before = await generate();
  const [pid] = cluster.children();
  process.kill(pid!, 'SIGSTOP');
  expect(await generate()).toEqual(before);
  expect(cluster.children()).not.toContain(pid);
}, 120_000);
