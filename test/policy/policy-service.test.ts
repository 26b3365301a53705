import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SampleGroup } from '@redqueen/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PolicyCluster } from './support/policy-cluster.ts';

const agent = 'executor/0';
const prompt = 'a=';
const rewarded = 'b\n';
const toy = { updates: 40, roles: { executor: { optimizer: { learningRate: 0.02 }, adapter: { rank: 4, alpha: 8 } } } };

let cluster: PolicyCluster;
beforeAll(async () => {
  cluster = await PolicyCluster.start();
});
afterAll(() => cluster.close());

async function scored(run: string, version?: number): Promise<SampleGroup> {
  const named = version === undefined ? {} : { version };
  const { groups } = await cluster.client.Score({ run, agent, ...named, prompts: [{ text: prompt, continuations: [rewarded, 'c\n'] }] });
  return groups[0]!;
}

const logProbOf = (group: SampleGroup) => group.samples[0]!.logProbs.reduce((sum, value) => sum + value, 0);

const generate = (run: string, version?: number) =>
  cluster.client.Generate({
    run,
    agent,
    ...(version !== undefined && { version }),
    prompts: [{ text: prompt, samples: 4, seed: 11 }],
    maxTokens: 6,
    temperature: 1,
  });

/** A batch that rewards the wanted answer and punishes another. */
async function batchOf(run: string, number: number) {
  const group = await scored(run);
  const samples = group.samples.map((sample, index) => ({
    tokens: sample.tokens,
    oldLogProbs: sample.logProbs,
    advantages: sample.tokens.map(() => (index === 0 ? 1 : -1)),
  }));
  const groups = [{ episodeId: `e${number}`, promptTokens: group.promptTokens, samples, version: group.policy?.version ?? 0 }];
  return { agent, number, groups, normaliser: 4, episodes: 2, sampledTokens: 4 };
}

async function reward(run: string, number: number): Promise<void> {
  await cluster.tell(run, { kind: 'batch', body: await batchOf(run, number) });
}

describe('the policy service', () => {
  it('trains on a toy reward until the rewarded answer is likelier, and releases it through the gate', async () => {
    await cluster.startRun('toy', toy);
    await cluster.awaits('toy', 'released', (told) => told.agent === agent && told.version === 0);
    const before = logProbOf(await scored('toy', 0));
    for (let number = 1; number <= 6; number++) await reward('toy', number);
    const released = await cluster.awaits('toy', 'released', (told) => told.agent === agent && told.version === 3);
    const after = await scored('toy');
    expect(logProbOf(after)).toBeGreaterThan(before + 0.5);
    expect(after.policy).toEqual({ agent, version: 3, adapterHash: released.adapterHash });
    const candidate = await cluster.awaits('toy', 'candidate', (told) => told.version === 1);
    expect(candidate.canaryDifference).toBeLessThanOrEqual(1e-3);
    expect(candidate.stats?.logProbMismatch).toBeLessThan(1e-3);
  });

  it('stamps every answer with the weights that the exported adapter holds', async () => {
    const { groups } = await generate('toy');
    const { gguf, policy } = await cluster.client.ExportAdapter({ run: 'toy', agent });
    expect(createHash('sha256').update(gguf).digest('hex')).toBe(groups[0]?.policy?.adapterHash);
    expect(policy).toEqual(groups[0]?.policy);
    expect(gguf.subarray(0, 4).toString()).toBe('GGUF');
    for (const sample of groups[0]!.samples) expect(sample.tokens).toHaveLength(sample.logProbs.length);
  });

  it('answers the same to the same seed, and scores what it sampled alike', async () => {
    const [first, second] = await Promise.all([generate('toy'), generate('toy')]);
    expect(second).toEqual(first);
    const sample = first.groups[0]!.samples[0]!;
    if (sample.failure === 'FAILURE_CLASS_OK') return;
    const { groups } = await cluster.client.Score({ run: 'toy', agent, prompts: [{ text: prompt, continuations: [sample.text] }] });
    if (groups[0]!.samples[0]!.tokens.length !== sample.tokens.length) return;
    for (const [index, value] of groups[0]!.samples[0]!.logProbs.entries()) expect(value).toBeCloseTo(sample.logProbs[index]!, 4);
  });

  it('says which versions it serves when asked for another, and what is wrong with a request', async () => {
    await expect(generate('toy', 99)).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('version 99 of executor/0 is not served; served versions are 0, 1, 2, 3') as string,
    });
    await expect(generate('nowhere')).rejects.toMatchObject({ code: 'not_found' });
    await expect(
      cluster.client.Generate({ run: 'toy', agent, prompts: [{ text: 'a', samples: 65, seed: 1 }], maxTokens: 4 }),
    ).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('prompts[0].samples: 65') as string,
    });
  });

  it('ends samples at stop texts of any length, and says which', async () => {
    const ask = { run: 'toy', agent, prompts: [{ text: prompt, samples: 16, seed: 5 }], maxTokens: 50, temperature: 1 };
    const [free] = (await cluster.client.Generate({ ...ask, stopTexts: ['never that long'] })).groups;
    // Two characters, hence two tokens: others of a random model's bytes are no characters at all.
    const [stop = ''] = free!.samples.flatMap(({ text }) => /[!-~]{2}/.exec(text)?.[0] ?? []);
    const [cut] = (await cluster.client.Generate({ ...ask, stopTexts: ['never that long', stop] })).groups;
    expect(cut!.samples.some((sample) => sample.stop === stop)).toBe(true);
    for (const [index, sample] of cut!.samples.entries()) {
      const whole = free!.samples[index]!;
      const end = whole.text.indexOf(stop);
      expect(sample.text).toBe(end < 0 ? whole.text : whole.text.slice(0, end));
      expect(sample.finish).toBe(end < 0 ? whole.finish : 'FINISH_REASON_STOP');
      expect(sample.logProbs).toEqual(whole.logProbs.slice(0, sample.tokens.length));
    }
    await expect(cluster.client.Generate({ ...ask, stopTexts: [''] })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('stop_texts[0] has 0 bytes') as string,
    });
  });

  it('samples what a JSON schema or a grammar wants, and names the place of a mistake in them', async () => {
    const ask = { run: 'toy', agent, prompts: [{ text: prompt, samples: 8, seed: 6 }], maxTokens: 50, temperature: 1 };
    const schema = JSON.stringify({
      properties: { is: { type: 'boolean' }, n: { type: 'integer', minimum: 0, maximum: 99 } },
      required: ['is', 'n'],
    });
    const { groups } = await cluster.client.Generate({ ...ask, schema });
    expect(await cluster.client.Generate({ ...ask, schema })).toEqual({ groups });
    const ended = groups[0]!.samples.filter(({ finish }) => finish === 'FINISH_REASON_GRAMMAR');
    expect(ended.length).toBeGreaterThan(0);
    for (const { text, failure } of ended) {
      expect(JSON.parse(text)).toEqual({ is: expect.any(Boolean) as boolean, n: expect.any(Number) as number });
      expect(failure).toBe('FAILURE_CLASS_OK');
    }
    const grammar = await cluster.client.Generate({ ...ask, grammar: 'root ::= "yes" | "no"' });
    for (const { text } of grammar.groups[0]!.samples) expect(['yes', 'no']).toContain(text);
    const bad = cluster.client.Generate({ ...ask, schema: '{"properties":{"n":{"type":"int"}}}' });
    await expect(bad).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('schema.properties.n.type is "int"') as string,
    });
    const stuck = await cluster.client.Generate({ ...ask, grammar: 'root ::= "a" [\\uD800-\\uDFFF]' });
    for (const sample of stuck.groups[0]!.samples)
      expect(sample).toMatchObject({ finish: 'FINISH_REASON_DEAD_END', failure: 'FAILURE_CLASS_MALFORMED' });
  });

  it("renders conversations by the model's chat template", async () => {
    const messages = [{ role: 'user', content: 'a<|im_end|>' }];
    const ask = { run: 'toy', agent, prompts: [{ messages, samples: 1, seed: 6 }], maxTokens: 4, temperature: 1 };
    const { groups } = await cluster.client.Generate(ask);
    expect(groups[0]!.prompt).toBe('<|im_start|>user\na<|im_end|><|im_end|>\n<|im_start|>assistant\n');
    // What a message spells is text: the two marks of its turn are the only special tokens of the kind.
    expect(groups[0]!.promptTokens.filter((token) => token === 260)).toHaveLength(1);
    const both = cluster.client.Generate({ ...ask, prompts: [{ messages, text: 'a', samples: 1, seed: 6 }] });
    await expect(both).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('prompts[0].messages') as string,
    });
  });

  it('stops computing for a caller who has gone', async () => {
    const { sampledTokens } = await cluster.client.Device({});
    const controller = new AbortController();
    const prompts = Array.from({ length: 256 }, (_, seed) => ({ text: prompt, samples: 64, seed }));
    const given = cluster.client.Generate(
      { run: 'toy', agent, prompts, maxTokens: 50, stopTexts: ['never that long'] },
      { signal: controller.signal },
    );
    await cluster.client.Device({});
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    const { groups } = await generate('toy');
    const tokens = groups[0]!.samples.reduce((sum, sample) => sum + sample.tokens.length, 0);
    expect((await cluster.client.Device({})).sampledTokens - sampledTokens).toBe(tokens);
  });

  it('survives a SIGKILL of its native child under calls, and answers them', async () => {
    const before = await generate('toy');
    const [pid] = cluster.children();
    expect(pid).toBeGreaterThan(0);
    const calls = Array.from({ length: 8 }, () => generate('toy'));
    process.kill(pid!, 'SIGKILL');
    for (const answer of await Promise.all(calls)) expect(answer).toEqual(before);
    expect(cluster.children()).not.toContain(pid);
    await reward('toy', 7);
    await reward('toy', 8);
    await cluster.awaits('toy', 'released', (told) => told.agent === agent && told.version === 4);
  });

  it('makes the same adapters from the same seed and batches, whether or not the child is killed in between', async () => {
    const hashes: string[] = [];
    for (const run of ['twin', 'killed-twin']) {
      await cluster.startRun(run, toy);
      await cluster.awaits(run, 'released', (told) => told.agent === agent && told.version === 0);
      const batch = await batchOf(run, 1);
      for (let number = 1; number <= 4; number++) {
        await cluster.tell(run, { kind: 'batch', body: { ...batch, number } });
        if (run === 'killed-twin' && number !== 2) for (const pid of cluster.children()) process.kill(pid, 'SIGKILL');
      }
      const { adapterHash } = await cluster.awaits(run, 'released', (told) => told.agent === agent && told.version === 2);
      hashes.push(adapterHash);
    }
    expect(hashes[1]).toBe(hashes[0]);
  });

  it('rolls back with one call, and promotes what was left behind', async () => {
    const third = await generate('toy', 3);
    const { version } = await cluster.client.Rollback({ run: 'toy', agent, version: 3, reason: 'test' });
    expect(version).toMatchObject({ agent, version: 5, status: 'current', reason: 'rollback', parent: 3 });
    const now = await generate('toy');
    expect(now.groups[0]?.samples).toEqual(third.groups[0]?.samples);
    expect(now.groups[0]?.policy).toEqual({ agent, version: 5, adapterHash: third.groups[0]?.policy?.adapterHash });
    const promoted = await cluster.client.Promote({ run: 'toy', agent, version: 4 });
    expect(promoted.version).toMatchObject({ version: 6, reason: 'promote' });
    await expect(cluster.client.Rollback({ run: 'toy', agent, version: 77 })).rejects.toMatchObject({ code: 'not_found' });
    const { versions } = await cluster.client.Versions({ run: 'toy', agent });
    expect(versions.map((each) => each.status)).toEqual([...Array<string>(6).fill('released'), 'current']);
  });

  it('comes back with all versions, and trains on', async () => {
    const before = await Promise.all([generate('toy'), generate('toy', 2), generate('toy', 0)]);
    await cluster.stopService();
    expect(cluster.children()).toEqual([]);
    await cluster.serve();
    const after = await Promise.all([generate('toy'), generate('toy', 2), generate('toy', 0)]);
    expect(after).toEqual(before);
    await reward('toy', 9);
    await reward('toy', 10);
    await cluster.awaits('toy', 'released', (told) => told.agent === agent && told.version === 7);
  });

  it('refuses a corrupt adapter file, says which, and stays where it was', async () => {
    const { versions } = await cluster.client.Versions({ run: 'toy', agent });
    const hash = versions[1]!.adapterHash;
    await (await cluster.bus.objects('rq-adapters')).put(hash, Buffer.from('GGUF, but not what it was'));
    await expect(cluster.client.ExportAdapter({ run: 'toy', agent, version: 1 })).rejects.toMatchObject({
      code: 'data_loss',
      message: expect.stringContaining(`file ${hash} in the object store rq-adapters is corrupt`) as string,
    });
    await expect(cluster.client.Rollback({ run: 'toy', agent, version: 1 })).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('is corrupt') as string,
    });
    const { groups } = await generate('toy');
    expect(groups[0]?.policy?.version).toBe(7);
  });

  it('runs one run after another on the same device, and a stopped one again', async () => {
    const before = await generate('toy');
    const record = await cluster.record('toy');
    await cluster.setStatus({ ...record!, status: 'stopped' });
    await cluster.startRun('second', toy);
    await cluster.awaits('second', 'released', (told) => told.agent === agent && told.version === 0);
    await cluster.setStatus(record!);
    await reward('toy', 11);
    await reward('toy', 12);
    await cluster.awaits('toy', 'released', (told) => told.agent === agent && told.version === 9);
    expect((await generate('toy', 7)).groups).toEqual(before.groups);
    expect(cluster.children()).toHaveLength(1);
    const { sampledTokens, threads, model } = await cluster.client.Device({});
    expect({ threads, model }).toEqual({ threads: 2, model: 'starter.gguf' });
    expect(sampledTokens).toBeGreaterThan(0);
  });

  it('ends a run whose model is none, with one clear message', async () => {
    writeFileSync(join(cluster.folder, 'text.gguf'), 'this is no model');
    await cluster.startRun('wrong', { model: 'text' });
    const ended = await cluster.ended('wrong');
    expect(ended).toMatchObject({ status: 'failed', error: expect.stringContaining('text.gguf is no GGUF') as string });
  });
});
