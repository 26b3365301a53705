import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rewriteTinyModel } from '../../packages/llama/src/testing/rewritten-model.ts';
import { PolicyCluster } from './support/policy-cluster.ts';

const agent = 'executor/0';
const other = { trains: false };
const recipe = (optimizer: object) => ({
  model: 'foreign',
  updates: 40,
  roles: { executor: { optimizer, adapter: { rank: 4, alpha: 8 } }, proposer: other, verifier: other, 'world-model': other },
});

let cluster: PolicyCluster;
beforeAll(async () => {
  cluster = await PolicyCluster.start();
  await rename(rewriteTinyModel(cluster.folder, 'gemma'), join(cluster.folder, 'foreign.gguf'));
});
afterAll(() => cluster.close());

const score = (run: string) => cluster.client.Score({ run, agent, prompts: [{ text: 'a=', continuations: ['b\n', 'c\n'] }] });

it('a model without gradients here is refused by name to an optimizer that needs them', async () => {
  await cluster.startRun('gradients', recipe({ use: 'grpo', learningRate: 0.01 }));
  expect(await cluster.ended('gradients')).toMatchObject({
    status: 'failed',
    error: expect.stringMatching(/executor\/0 cannot learn by grpo: .*architecture is gemma.*evolution-strategies/) as string,
  });
});

it('and learns by evolution strategies', async () => {
  const options = { pairs: 6, sigma: 0.05 };
  await cluster.startRun('evolved', recipe({ use: 'evolution-strategies', options, learningRate: 0.05 }));
  await cluster.awaits('evolved', 'released', (told) => told.agent === agent && told.version === 0);
  const likelihood = async (): Promise<number> =>
    (await score('evolved')).groups[0]!.samples[0]!.logProbs.reduce((sum, value) => sum + value, 0);
  const before = await likelihood();
  for (let number = 1; number <= 4; number++) {
    const [group] = (await score('evolved')).groups;
    const samples = group!.samples.map(({ tokens, logProbs }, index) => ({
      tokens,
      oldLogProbs: logProbs,
      advantages: tokens.map(() => (index === 0 ? 1 : -1)),
    }));
    const groups = [{ episodeId: `e${number}`, promptTokens: group!.promptTokens, samples, version: group!.policy?.version ?? 0 }];
    await cluster.tell('evolved', { kind: 'batch', body: { agent, number, groups, normaliser: 4, episodes: 2, sampledTokens: 4 } });
  }
  await cluster.awaits('evolved', 'released', (told) => told.agent === agent && told.version === 2);
  expect(await likelihood()).toBeGreaterThan(before + 0.2);
}, 120_000);
