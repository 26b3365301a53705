import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PolicyCluster } from './support/policy-cluster.ts';

const run = 'leased';
const agent = 'executor/0';
const examples = [
  { text: 'a=', completion: 'b\n' },
  { text: 'c=', completion: 'dd\n' },
];

let cluster: PolicyCluster;
beforeAll(async () => {
  cluster = await PolicyCluster.start();
  await cluster.startRun(run, { updates: 40, roles: { executor: { adapter: { rank: 4, alpha: 8 } } } });
  await cluster.awaits(run, 'released', (told) => told.agent === agent && told.version === 0);
});
afterAll(() => cluster.close());

const take = (more: object = {}) => cluster.client.Lease({ run, agent, examples, steps: 12, learningRate: 0.03, ...more });

async function likelihood(lease: string): Promise<number> {
  const { groups } = await cluster.client.Score({ run, agent, lease, prompts: [{ text: 'a=', continuations: ['b\n'] }] });
  return groups[0]!.samples[0]!.logProbs.reduce((sum, value) => sum + value, 0);
}

describe('a lease', () => {
  it('learns its examples, alone: the released version stays as it was', async () => {
    const before = await likelihood('');
    const taken = await take();
    expect(taken.lossAfter).toBeLessThan(taken.lossBefore - 0.5);
    expect(await likelihood(taken.lease)).toBeGreaterThan(before + 0.5);
    expect(await likelihood('')).toBe(before);
    const { versions } = await cluster.client.Versions({ run, agent });
    expect(versions.map(({ version }) => version)).toEqual([0]);
  });

  it('answers what it learned, stamped with its own weights', async () => {
    const { lease, policy } = await take({ steps: 64 });
    const ask = { run, agent, prompts: [{ text: 'c=', samples: 1, seed: 1 }], maxTokens: 6, temperature: 0 };
    const { groups } = await cluster.client.Generate({ ...ask, lease });
    expect(groups[0]?.samples[0]?.text).toBe('dd');
    expect(groups[0]?.policy).toEqual(policy);
    expect(policy).toMatchObject({ agent, version: 0 });
    expect(policy?.adapterHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is the same for the same request, and another for other weights of its examples', async () => {
    const [first, second] = [await take(), await take()];
    expect(second.lease).not.toBe(first.lease);
    expect(second.policy).toEqual(first.policy);
    const weighed = await take({ examples: [{ ...examples[0], weight: 0.01 }, examples[1]] });
    expect(weighed.policy?.adapterHash).not.toBe(first.policy?.adapterHash);
    expect(await likelihood(weighed.lease)).toBeLessThan(await likelihood(first.lease));
  });

  it('is over once it is given back, and giving it back again is no error', async () => {
    const { lease } = await take();
    await cluster.client.EndLease({ run, lease });
    await cluster.client.EndLease({ run, lease });
    await expect(likelihood(lease)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('is over') as string });
  });

  it('ends by itself when its time is up', async () => {
    const { lease } = await take({ seconds: 1 });
    await expect
      .poll(
        () =>
          likelihood(lease).then(
            () => 'open',
            (reason: { code: string }) => reason.code,
          ),
        { timeout: 10_000 },
      )
      .toBe('not_found');
  });

  it('is bounded in number: beyond the bound the error says what to do', async () => {
    const taken: string[] = [];
    const refused = (async () => {
      for (;;) taken.push((await take({ steps: 1 })).lease);
    })();
    await expect(refused).rejects.toMatchObject({ code: 'resource_exhausted', message: expect.stringContaining('end one') as string });
    await Promise.all(taken.map((lease) => cluster.client.EndLease({ run, lease })));
    expect((await take({ steps: 1 })).lease).not.toBe('');
  });

  it('goes with the process of the device, and says so', async () => {
    const { lease } = await take();
    for (const pid of cluster.children()) process.kill(pid, 'SIGKILL');
    await expect(likelihood(lease)).rejects.toMatchObject({ code: 'not_found' });
    expect((await take()).lossAfter).toBeGreaterThan(0);
  });

  it('says which field is wrong', async () => {
    const { lease } = await take({ steps: 1 });
    const wrong: [object, RegExp][] = [
      [{ examples: [] }, /examples: 0/],
      [{ examples: [{ text: 'a', completion: '' }] }, /examples\[0\]\.completion/],
      [{ examples: [{ text: 'a', completion: 'b', weight: -1 }] }, /examples\[0\]\.weight/],
      [{ steps: 65 }, /steps: 65/],
      [{ learningRate: -1 }, /learning_rate/],
      [{ seconds: 3601 }, /seconds: 3601/],
      [{ examples: [{ text: 'a'.repeat(70), completion: 'b' }] }, /context is 64/],
    ];
    for (const [request, message] of wrong) {
      await expect(take(request)).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) as string });
    }
    await expect(take({ version: 9 })).rejects.toMatchObject({ code: 'not_found' });
    await expect(
      cluster.client.Score({ run, agent: 'proposer/0', lease, prompts: [{ text: 'a', continuations: ['b'] }] }),
    ).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('is one of executor/0') as string });
  });
});
