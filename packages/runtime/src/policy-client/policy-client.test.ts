import type { GenerateRequestInput, GenerateResponse, SampleGroup, ScoreRequestInput, ScoreResponse } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failures.ts';
import { createActorPolicyClient, createPolicyClient } from './policy-client.ts';
import type { PolicyRpc } from './port.ts';

/** A clock whose sleeps end as soon as everything else has had its turn, and are written down. */
function restlessClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => 0,
    sleep: (ms) => {
      slept.push(ms);
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const groupOf = (text: string): SampleGroup => ({ prompt: text, promptTokens: [], samples: [], policy: null });

class RecordingRpc implements PolicyRpc {
  readonly generated: GenerateRequestInput[] = [];
  readonly scored: ScoreRequestInput[] = [];
  /** What the next calls throw, in order; undefined lets a call through. */
  readonly failures: (RedQueenError | undefined)[] = [];
  /** Prompts that make their call fail for good. */
  poison = '';

  async Generate(request: GenerateRequestInput): Promise<GenerateResponse> {
    this.generated.push(request);
    return { groups: await this.#answer(request.prompts ?? []) };
  }

  async Score(request: ScoreRequestInput): Promise<ScoreResponse> {
    this.scored.push(request);
    return { groups: await this.#answer(request.prompts ?? []) };
  }

  async #answer(prompts: readonly { text?: string }[]): Promise<SampleGroup[]> {
    await new Promise((resolve) => setImmediate(resolve));
    const failure = this.failures.shift();
    if (failure) throw failure;
    if (this.poison && prompts.some(({ text }) => text === this.poison)) throw new RedQueenError('invalid_argument', 'prompt: too long');
    return prompts.map(({ text }) => groupOf(text ?? ''));
  }
}

const ask = (text: string, more: object = {}) => ({
  run: 'r',
  agent: 'executor/0',
  prompts: [{ text, samples: 8, seed: 1 }],
  maxTokens: 4,
  temperature: 1,
  ...more,
});

describe('policy client', () => {
  test('asks of one kind made together leave as one call and get their own groups back', async () => {
    const rpc = new RecordingRpc();
    const client = createPolicyClient(rpc, restlessClock());
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => client.generate(ask(text))));
    expect(answers.map((groups) => groups[0]?.prompt)).toEqual(['a', 'b', 'c']);
    expect(rpc.generated.map((request) => request.prompts?.length)).toEqual([3]);
  });

  test('different agents, versions, budgets and temperatures never share a call', async () => {
    const rpc = new RecordingRpc();
    const client = createPolicyClient(rpc, restlessClock());
    const kinds = [{}, { agent: 'proposer/0' }, { version: 0 }, { maxTokens: 6 }, { temperature: 0 }];
    await Promise.all(kinds.map((kind) => client.generate(ask('a', kind))));
    expect(rpc.generated).toHaveLength(kinds.length);
    expect(rpc.generated.map((request) => request.version)).toContain(0);
  });

  test('what comes while calls are under way waits and leaves together', async () => {
    const rpc = new RecordingRpc();
    const client = createPolicyClient(rpc, restlessClock(), { maxCalls: 1 });
    const first = client.generate(ask('a'));
    while (rpc.generated.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, ...['b', 'c', 'd'].map((text) => client.generate(ask(text)))]);
    expect(rpc.generated.map((request) => request.prompts?.length)).toEqual([1, 3]);
  });

  test('no call carries more prompts than allowed', async () => {
    const rpc = new RecordingRpc();
    const client = createPolicyClient(rpc, restlessClock(), { maxItems: 2 });
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => client.generate(ask(text))));
    expect(rpc.generated.map((request) => request.prompts?.length)).toEqual([2, 2, 1]);
  });

  test('a failure that can pass is retried with growing delays, and reported when it does not pass', async () => {
    const rpc = new RecordingRpc();
    const clock = restlessClock();
    const client = createPolicyClient(rpc, clock, { tries: 3 });
    const down = () => new RedQueenError('unavailable', 'policy service: not there');
    rpc.failures.push(down(), down());
    await expect(client.generate(ask('a'))).resolves.toHaveLength(1);
    expect(clock.slept).toEqual([2, 100, 200]);
    rpc.failures.push(down(), down(), down());
    const failure = await client.generate(ask('a')).catch((reason: unknown) => reason);
    expect(failure).toMatchObject({ code: 'unavailable' });
    expect(failureOf(failure)).toBe('FAILURE_CLASS_INFRA_ERROR');
    expect(failureOf(new RedQueenError('deadline_exceeded', 'too late'))).toBe('FAILURE_CLASS_TIMEOUT');
  });

  test('an actor waits for a run that its policy service does not know yet, and for longer; a caller is told at once', async () => {
    const rpc = new RecordingRpc();
    const missing = () => new RedQueenError('not_found', 'run is not on this policy service');
    rpc.failures.push(...Array.from({ length: 11 }, missing));
    const clock = restlessClock();
    await expect(createActorPolicyClient(rpc, clock).generate(ask('a'))).resolves.toHaveLength(1);
    expect(clock.slept.slice(-3)).toEqual([500, 500, 500]);
    rpc.failures.push(missing());
    await expect(createPolicyClient(rpc, clock).generate(ask('a'))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('one bad prompt fails alone', async () => {
    const rpc = new RecordingRpc();
    rpc.poison = 'bad';
    const client = createPolicyClient(rpc, restlessClock());
    const settled = await Promise.allSettled(['a', 'bad', 'c'].map((text) => client.generate(ask(text))));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('an answer that lacks a group is an error, never a shift', async () => {
    const rpc: PolicyRpc = { Generate: () => Promise.resolve({ groups: [] }), Score: () => Promise.resolve({ groups: [] }) };
    await expect(createPolicyClient(rpc, restlessClock()).generate(ask('a'))).rejects.toMatchObject({ code: 'data_loss' });
  });

  test('a caller whose signal aborts stops waiting; the others are answered', async () => {
    const rpc = new RecordingRpc();
    const client = createPolicyClient(rpc, restlessClock());
    const controller = new AbortController();
    const left = client.generate(ask('a'), controller.signal);
    const stayed = client.generate(ask('b'));
    controller.abort(new RedQueenError('cancelled', 'draining'));
    await expect(left).rejects.toMatchObject({ code: 'cancelled' });
    await expect(stayed).resolves.toHaveLength(1);
  });

  test('scores are collected like samples', async () => {
    const rpc = new RecordingRpc();
    const client = createPolicyClient(rpc, restlessClock());
    const score = (text: string) => client.score({ run: 'r', agent: 'verifier/0', prompts: [{ text, continuations: ['y', 'n'] }] });
    expect(await Promise.all([score('a'), score('b')])).toEqual([[groupOf('a')], [groupOf('b')]]);
    expect(rpc.scored.map((request) => request.prompts?.length)).toEqual([2]);
  });
});
