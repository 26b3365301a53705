import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, startRpcServer, type RpcImplementation } from '@redqueen/runtime';
import { within } from '@redqueen/testkit';
import { playCluster, smallPatch, startTestGateway, type TestGateway } from '../../../services/gateway/src/test-support.ts';
import { connect, isOver, RedQueenError, type RedQueen } from './index.ts';

let gateway: TestGateway;
let client: RedQueen;
let ended: AbortController;
beforeEach(async () => {
  gateway = await startTestGateway();
  client = connect(gateway.address);
  ended = new AbortController();
});
afterEach(async () => {
  ended.abort();
  client.close();
  await gateway.close();
});

const play = (run: string, proceed = Promise.resolve()) => {
  playCluster(gateway.bus, run, { accuracy: () => 0.5, proceed, signal: ended.signal }).catch(() => {});
};

describe('the SDK', () => {
  test('starts a run, watches it to its end, reads its report, asks an agent', async () => {
    const { run, resolvedRecipe } = await client.runs.start({ recipe: 'default', seed: 9, patch: smallPatch });
    expect(resolvedRecipe).toMatchObject({ seed: 9, updates: 4 });
    play(run);
    const states: string[] = [];
    const watch = async () => {
      for await (const progress of client.runs.watch(run)) states.push(progress.run.status);
    };
    await within(watch(), 'the run to end');
    expect(states.at(-1)).toBe('finished');
    expect((await client.report(run)).heldOut).toHaveLength(4);
    expect((await client.ask({ run, agent: 'executor/0', prompt: '37+45=', samples: 2 })).group?.samples.map(({ text }) => text)).toEqual([
      '82',
      '82',
    ]);
    expect((await client.runs.list()).every(isOver)).toBe(true);
    expect((await client.downloadAdapter(run, 'executor/0', 1)).gguf.toString()).toBe('GGUF of executor/0');
    expect((await client.rollback({ run, agent: 'executor/0', version: 1 })).version).toBe(2);
    expect(await client.versions(run)).toMatchObject([{ agent: 'executor/0', status: 'current' }]);
    expect(await client.deadLetters()).toEqual([]);
  });

  test('asks with stop texts, a schema, a grammar or a conversation', async () => {
    const { run } = await client.runs.start({ patch: smallPatch });
    const schema = { type: 'object', properties: { is: { type: 'boolean' } } };
    const messages = [{ role: 'user', content: 'Is it?' }];
    await client.ask({ run, agent: 'executor/0', messages, schema, stopTexts: ['END', '\n\n'], maxTokens: 40 });
    await client.ask({ run, agent: 'executor/0', prompt: 'a=', grammar: 'root ::= "b"', temperature: 0.5 });
    expect(gateway.generated).toMatchObject([
      {
        prompts: [{ text: '', messages }],
        schema: JSON.stringify(schema),
        grammar: '',
        stopTexts: ['END', '\n\n'],
        maxTokens: 40,
        temperature: 0,
      },
      { prompts: [{ text: 'a=', messages: [] }], schema: '', grammar: 'root ::= "b"', stopTexts: [], maxTokens: 16, temperature: 0.5 },
    ]);
  });

  test('knobs are listed, turned by messages on the stream, and refused where they do not fit', async () => {
    const { run } = await client.runs.start({ patch: smallPatch });
    const named = async (name: string) => (await client.knobs(run)).find((knob) => knob.name === name);
    expect(await named('temperature.executor')).toMatchObject({ value: 1, by: '', owner: 'curriculum/0' });
    expect(await client.turnKnob({ run, name: 'temperature.executor', value: 0.7, reason: 'to see' })).toMatchObject({ value: 0.7 });
    const turned = async () => {
      for (;;) if ((await named('temperature.executor'))?.by === 'operator') return await named('temperature.executor');
    };
    expect(await within(turned(), 'the turn to be folded')).toMatchObject({ value: 0.7, reason: 'to see' });
    const turn = (name: string, value: number) => client.turnKnob({ run, name, value });
    await expect(turn('luck', 1)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('temperature.executor'),
    });
    await expect(turn('temperature.executor', -1)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(turn('threshold.executor', 1)).rejects.toMatchObject({ message: expect.stringContaining('no use for it') });
  });

  test('a watch ends when its signal aborts', async () => {
    const { run } = await client.runs.start({ patch: smallPatch });
    const stop = new AbortController();
    const watch = async () => {
      for await (const _ of client.runs.watch(run, { signal: stop.signal })) stop.abort();
    };
    await expect(within(watch(), 'the watch to end')).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('failures are RedQueenErrors that say what to do', async () => {
    await expect(client.runs.start({ recipe: 'nonesuch' })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('default'),
    });
    await expect(client.recipe({ patch: { updates: 0 } })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('updates'),
    });
    expect(() => connect('nowhere')).toThrow(RedQueenError);
    using nobody = connect('127.0.0.1:1');
    await expect(nobody.runs.list({ timeoutMs: 300 })).rejects.toMatchObject({ retryable: true });
    const given = AbortSignal.abort();
    await expect(client.cluster({ signal: given })).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('a gateway that is being started again is waited for by what may be repeated, and by nothing else', async () => {
    let lists = 0;
    const answers = { ListRuns: async () => ({ runs: [], count: ++lists }) };
    const handler = (_: object, name: keyof typeof answers) =>
      answers[name] ?? (() => Promise.reject(new RedQueenError('not_found', 'no run')));
    const implementation = { GatewayService: new Proxy({}, { get: handler }) } as unknown as RpcImplementation;
    const serve = (port: number) => startRpcServer({ host: '127.0.0.1', port, implementation, logger: silentLogger });
    const first = await serve(0);
    using patient = connect(`127.0.0.1:${first.port}`);
    await patient.runs.list();
    await first.drain(0);
    await expect(patient.runs.start()).rejects.toMatchObject({ code: 'unavailable' });
    const waiting = patient.runs.list();
    // One that never met the gateway is told soon that nobody answers.
    using stranger = connect(`127.0.0.1:${first.port}`);
    await expect(stranger.runs.list()).rejects.toMatchObject({ code: 'unavailable' });
    const second = await serve(first.port);
    await within(waiting, 'the answer of the second gateway');
    expect(lists).toBe(2);
    await second.drain(0);
  });
});
