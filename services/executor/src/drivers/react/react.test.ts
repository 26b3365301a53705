import { packGroup, sampledTokens, toolCalls, type PackedGroup } from '../../../../reward-aggregator/src/fold/packed-group.ts';
import type { CodeRunner, Task } from '@redqueen/core';
import { environmentByName } from '@redqueen/environments';
import { createSandbox } from '@redqueen/sandbox';
import { ScriptedPolicy, type Turn } from '@redqueen/testkit';
import { systemClock } from '@redqueen/runtime';
import { afterAll, describe, expect, test } from 'vitest';
import { barely } from '../../contexts.ts';
import { drivers } from '../index.ts';

const task = environmentByName('arithmetic').parse('37+45') as Task;
const asked = { run: 'run', task, attempts: 4, temperature: 1, seed: 9 };
const sandbox = createSandbox({ clock: systemClock });
afterAll(() => sandbox.close());

const react = (code: CodeRunner = sandbox, turns?: number) =>
  drivers.create({ use: 'react', options: turns === undefined ? {} : { turns } }, { context: barely, code });
/** What attempt i says first; after a result it answers with what it was told. */
const saying =
  (...first: string[]) =>
  ({ prompt, index }: Turn): string | undefined =>
    prompt === '37+45=' ? first[index] : /^>\?;$/.test(prompt) ? '{37+45}' : prompt.slice(1, -1);
const text = (tokens: readonly number[]): string => Buffer.from(tokens.filter((token) => token < 256)).toString();

describe('the driver react', () => {
  test('answers a call with its value, as tokens that are given; the attempt goes on from the tokens', async () => {
    const policy = new ScriptedPolicy(saying('{37+45}', '82', '{37+', '9'));
    const { samples, promptTokens, policy: stamp } = await react().attempt(asked, policy);
    expect(samples.map((sample) => sample.text)).toEqual(['82', '82', '{37+', '9']);
    expect(samples.map((sample) => sample.failure)).toEqual(['OK', 'OK', 'MALFORMED', 'OK'].map((end) => `FAILURE_CLASS_${end}`));
    const [called] = samples;
    expect(text(called?.tokens ?? [])).toBe('{37+45}>82;82\n');
    expect(text((called?.tokens ?? []).filter((_, place) => called?.given[place]))).toBe('>82;');
    expect((called?.logProbs ?? []).filter((_, place) => called?.given[place])).toEqual([0, 0, 0, 0]);
    expect(samples.map((sample) => sample.toolCalls)).toEqual([1, 0, 0, 0]);
    expect(samples[1]?.given).toEqual([]);
    const [, second] = policy.generated;
    expect(second).toMatchObject({ version: stamp?.version, alsoStop: ['}'] });
    expect(second?.prompts).toMatchObject([{ tokens: [...promptTokens, ...Buffer.from('{37+45}')], text: '>82;', samples: 1 }]);
  });

  test('all attempts take a turn together: one request a turn', async () => {
    const policy = new ScriptedPolicy(saying('{37+45}', '{37+}', '{1+1}', '{;}'));
    const { samples } = await react().attempt(asked, policy);
    expect(policy.generated.map(({ prompts }) => prompts.length)).toEqual([1, 4, 2]);
    expect(samples.map((sample) => sample.text)).toEqual(['82', '82', '2', '82']);
    // A failed call is no call: nothing is earned by calling without sense.
    expect(samples.map((sample) => sample.toolCalls)).toEqual([1, 1, 1, 1]);
    expect(text(samples[1]?.tokens ?? [])).toBe('{37+}>?;{37+45}>82;82\n');
  });

  test('a call in the last turn is never run, and leaves the attempt truncated', async () => {
    const policy = new ScriptedPolicy(() => '{1}');
    const [sample] = (await react(sandbox, 2).attempt({ ...asked, attempts: 1 }, policy)).samples;
    expect(sample).toMatchObject({ text: '{1}', failure: 'FAILURE_CLASS_TRUNCATED', toolCalls: 1 });
    expect(text(sample?.tokens ?? [])).toBe('{1}>1;{1}');
  });

  test.each(['"}{"', '"\\n"', '"x".repeat(90)', '({})', 'for (;;);', 'fetch("http://1.1.1.1")', ''])(
    'tells no value of %s',
    async (code) => {
      const policy = new ScriptedPolicy(({ prompt }) => (prompt === '37+45=' ? `{${code.slice(0, 6)}}` : '1'));
      const evil: CodeRunner = { run: () => sandbox.run(code) };
      const [sample] = (await react(evil).attempt({ ...asked, attempts: 1 }, policy)).samples;
      expect(text(sample?.tokens ?? [])).toContain('>?;1\n');
      expect(sample?.toolCalls).toBe(0);
    },
  );

  test('given tokens are read and never trained on, and do not count as sampled', async () => {
    const policy = new ScriptedPolicy(saying('{37+45}', '82', '{37+45}', '9'));
    const packed = packGroup(await react().attempt(asked, policy), 'executor/0') as PackedGroup;
    expect([0, 1, 2, 3].map((sample) => sampledTokens(packed, sample))).toEqual([10, 3, 10, 2]);
    expect([0, 1, 2, 3].map((sample) => toolCalls(packed, sample))).toEqual([1, 0, 1, 0]);
  });

  test('says what is missing where there is nowhere to run code', async () => {
    const driver = drivers.create({ use: 'react' }, { context: barely });
    expect(() => driver.attempt(asked, new ScriptedPolicy(() => '1'))).toThrow(/sandbox/);
  });
});
