import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PolicyCluster } from './support/policy-cluster.ts';

const run = 'bad-input';
const agent = 'executor/0';
const context = 64;
let cluster: PolicyCluster;
let last = 0;

beforeAll(async () => {
  cluster = await PolicyCluster.start();
  const toy = {
    updates: 100,
    roles: { executor: { updatesPerVersion: 1, optimizer: { learningRate: 0.02 }, adapter: { rank: 4, alpha: 8 } } },
  };
  await cluster.startRun(run, toy);
  await cluster.awaits(run, 'released', (told) => told.agent === agent && told.version === 0);
}, 120_000);
afterAll(() => cluster.close());

const prompt = { text: 'a=', samples: 2, seed: 3 };
const generate = (change: object = {}) =>
  cluster.client.Generate({ run, agent, prompts: [prompt], maxTokens: 4, temperature: 1, ...change });
const score = (change: object) => cluster.client.Score({ run, agent, prompts: [{ text: 'a=', continuations: ['b'] }], ...change });

/** A batch that changes the weights, with its one sample changed. */
async function tell(change: object = {}, batch: object = {}, promptTokens: readonly number[] = [256, 97, 61]): Promise<number> {
  const sample = { tokens: [98, 10], oldLogProbs: [-5, -5], advantages: [1, 1], ...change };
  // Samples of an older version would be too stale to be trained on.
  const { version } = await current();
  const groups = [{ episodeId: `e${++last}`, promptTokens: [...promptTokens], samples: [sample], version }];
  await cluster.tell(run, { kind: 'batch', body: { agent, number: last, groups, normaliser: 2, episodes: 1, sampledTokens: 2, ...batch } });
  return last;
}

const current = async () => (await cluster.client.Versions({ run, agent })).versions.find(({ status }) => status === 'current')!;

/** A batch that can be trained on becomes the next version; answers its adapter's hash. */
async function learns(): Promise<string> {
  const before = (await current()).version;
  await tell();
  const told = await cluster.awaits(
    run,
    'released',
    (each) => each.agent === agent && each.version > before && each.reason !== 'unchanged',
  );
  return told.adapterHash;
}

describe('a call that cannot be answered is refused with its cause, and the service goes on:', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, string, RegExp])[] = [
    [
      'a prompt longer than the context',
      () => generate({ prompts: [{ ...prompt, text: 'x'.repeat(100) }] }),
      'invalid_argument',
      /prompts\[0\]\.text needs 105 tokens; the model's context is 64/,
    ],
    [
      'an answer that would leave the context',
      () => generate({ maxTokens: context }),
      'invalid_argument',
      /needs 67 tokens; the model's context is 64/,
    ],
    [
      'more text to score than the context',
      () => score({ prompts: [{ text: 'a=', continuations: ['y'.repeat(80)] }] }),
      'invalid_argument',
      /prompts\[0\] needs 83 tokens/,
    ],
    [
      'a token outside the vocabulary',
      () => generate({ prompts: [{ ...prompt, tokens: [256, 4000] }] }),
      'invalid_argument',
      /prompts\[0\]\.tokens holds the token 4000; the vocabulary has \d+/,
    ],
    ['no prompts', () => generate({ prompts: [] }), 'invalid_argument', /prompts: 0 of them/],
    [
      'nothing to score',
      () => score({ prompts: [{ text: 'a=', continuations: [] }] }),
      'invalid_argument',
      /prompts\[0\]\.continuations: there are none/,
    ],
    ['a temperature that is no number', () => generate({ temperature: Number.NaN }), 'invalid_argument', /temperature: NaN/],
    ['a stop of two tokens', () => generate({ stop: 'ab' }), 'invalid_argument', /stop is "ab"/],
    [
      'an agent that does not exist',
      () => generate({ agent: 'nobody/7' }),
      'not_found',
      /agent "nobody\/7" does not exist in this run; its agents are: executor\/0/,
    ],
    [
      'a version that does not exist',
      () => generate({ version: 41 }),
      'not_found',
      /version 41 of executor\/0 is not served; served versions are 0/,
    ],
    [
      'a run that does not exist',
      () => generate({ run: 'nowhere' }),
      'not_found',
      /run "nowhere" is not on this policy service; runs here: bad-input/,
    ],
    [
      'an export of a version that does not exist',
      () => cluster.client.ExportAdapter({ run, agent, version: 41 }),
      'not_found',
      /has no version 41/,
    ],
    [
      'a rollback to a version that does not exist',
      () => cluster.client.Rollback({ run, agent, version: 41 }),
      'not_found',
      /version 41 of executor\/0 is not kept/,
    ],
  ];
  it.each(cases)('%s', async (_, call, code, message) => {
    const [children, answer] = [cluster.children(), await generate()];
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(await generate()).toEqual(answer);
    expect(cluster.children()).toEqual(children);
  });
});

describe('a batch that cannot be trained on changes nothing, and the next ones are trained on:', () => {
  const cases: readonly (readonly [string, () => Promise<number>])[] = [
    ['an advantage that is no number', () => tell({ advantages: [Number.NaN, 1] })],
    ['an infinite advantage', () => tell({ advantages: [1, Infinity] })],
    ['an old log-prob that is no number', () => tell({ oldLogProbs: [Number.NaN, -1] })],
    ['an infinite old log-prob', () => tell({ oldLogProbs: [-Infinity, -1] })],
    ['fewer advantages than tokens', () => tell({ advantages: [1] })],
    ['a normaliser of 0', () => tell({}, { normaliser: 0 })],
    ['an agent that does not exist', () => tell({}, { agent: 'nobody/7' })],
    ['a token outside the vocabulary', () => tell({ tokens: [98, 999] })],
    [
      'a sample longer than the context',
      () => tell({ tokens: Array(80).fill(98), oldLogProbs: Array(80).fill(-5), advantages: Array(80).fill(1) }),
    ],
    ['no prompt', () => tell({}, {}, [])],
    ['no groups', () => tell({}, { groups: [] })],
    ['only advantages of zero', () => tell({ advantages: [0, 0] })],
  ];
  it.each(cases)('%s', async (_, bad) => {
    const [children, before] = [cluster.children(), await current()];
    await bad();
    const hash = await learns();
    expect(hash).not.toBe(before.adapterHash);
    const { groups } = await generate();
    expect(groups[0]?.samples[0]?.logProbs.every(Number.isFinite)).toBe(true);
    expect(cluster.children()).toEqual(children);
  });

  it('a batch without signal makes a version that says that nothing changed', async () => {
    const before = await current();
    await tell({ advantages: [0, 0] });
    const { version } = await cluster.awaits(run, 'released', (told) => told.agent === agent && told.version > before.version);
    expect(version).toBe(before.version + 1);
    expect(await current()).toMatchObject({ reason: 'unchanged', adapterHash: before.adapterHash });
  });
});

it('a candidate that the gate refuses can be exported, and is never served', async () => {
  const before = await current();
  const answer = await generate();
  cluster.gatePasses = false;
  await tell();
  const refused = await cluster.awaits(run, 'refused', (told) => told.agent === agent);
  cluster.gatePasses = true;
  expect(await current()).toEqual(before);
  expect(await generate()).toEqual(answer);
  const named = { version: refused.version };
  await expect(generate(named)).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringMatching(/was refused \(.*anchors.*\) and is not served; export it to look at it, or promote it/) as string,
  });
  await expect(score(named)).rejects.toMatchObject({ code: 'failed_precondition' });
  const { gguf, policy } = await cluster.client.ExportAdapter({ run, agent, ...named });
  expect(createHash('sha256').update(gguf).digest('hex')).toBe(refused.adapterHash);
  expect(policy).toMatchObject({ agent, version: refused.version, adapterHash: refused.adapterHash });
  await expect(cluster.client.Rollback({ run, agent, version: refused.version })).rejects.toMatchObject({ code: 'failed_precondition' });
  const { version } = await cluster.client.Promote({ run, agent, version: refused.version });
  expect(version).toMatchObject({ status: 'current', reason: 'promote', adapterHash: refused.adapterHash });
});
