import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder, redqueen, root, type Running } from './cluster.ts';

const folder = dataFolder();
let cluster: Running;
let address: string;

/** Calls the gateway with buf's own gRPC client, which shares no code with ours. */
async function call(method: string, request: object): Promise<Record<string, unknown>> {
  const url = `http://${address}/redqueen.v1.GatewayService/${method}`;
  const words = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--schema', 'proto', '-d', JSON.stringify(request), url];
  const { stdout } = await promisify(execFile)(join(root, 'node_modules/.bin/buf'), words, { cwd: root });
  return JSON.parse(stdout) as Record<string, unknown>;
}

interface Answered {
  readonly group: { readonly samples: readonly { readonly text: string }[] };
}

/** Asks again while the agents of a run that has just been started are being created, which the error says. */
async function answered(ask: () => Promise<Record<string, unknown>>): Promise<Answered> {
  for (;;) {
    try {
      return (await ask()) as unknown as Answered;
    } catch (error) {
      if (!String(error).includes('try again')) throw error;
    }
  }
}

beforeAll(async () => {
  cluster = redqueen(folder.path, 'up', '--json');
  address = (JSON.parse(await cluster.line(/"gateway"/)) as { gateway: string }).gateway;
}, 60_000);

afterAll(async () => {
  cluster.process.kill('SIGINT');
  await cluster.ended;
  folder.remove();
}, 30_000);

describe('a gRPC client that is not ours', () => {
  test('sees eight services that serve', async () => {
    const { services } = (await call('Cluster', {})) as { services: { service: string; status: string }[] };
    expect(services.map(({ service }) => service).sort()).toEqual(
      ['curriculum', 'executor', 'gateway', 'policy', 'proposer', 'reward-aggregator', 'verifier', 'world-model'].sort(),
    );
    expect(services.every(({ status }) => status === 'SERVING')).toBe(true);
  });

  test('starts a run, asks the executor, and stops it', { timeout: 60_000 }, async () => {
    const { run } = (await call('StartRun', { recipe: 'default', seed: 3, updates: 400 })) as { run: { run: string } };
    const { group } = await answered(() => call('Ask', { run: run.run, agent: 'executor/0', prompt: 'rabc=' }));
    expect(group.samples[0]?.text).toMatch(/^[a-j]{2,4}$/);
    const stopped = (await call('StopRun', { run: run.run })) as { run: { status: string } };
    expect(stopped.run.status).toMatch(/STOP/);
  });

  test('is told what is wrong with what it sent', async () => {
    await expect(call('StartRun', { recipe: 'no-such-recipe' })).rejects.toThrow(/no-such-recipe[\s\S]*default/);
    await expect(call('StartRun', { recipe: 'default', patchJson: '{"updatez":3}' })).rejects.toThrow(/updatez/);
    await expect(call('GetRun', { run: 'nobody' })).rejects.toThrow(/nobody/);
  });
});
