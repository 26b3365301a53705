import { exitCodes } from '@redqueen/runtime';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { afterTest, temporaryFolder } from './support/folder.ts';
import { echoProcess, natsOver, natsServer } from './support/service-process.ts';

describe.skipIf(natsServer === undefined)('the process of a service', () => {
  async function serving(...words: string[]) {
    const folder = temporaryFolder();
    const { url } = await natsOver(folder);
    const service = await echoProcess(folder, { bus: { kind: 'nats', url } }, ...words);
    await service.whenServing();
    return service;
  }

  it('finishes the call under way on SIGTERM, takes no new one, and exits 0', async () => {
    const { child, client, ended, log } = await serving();
    await client.Propose({ family: 'warm up' });
    const answer = client.Propose({ family: 'slow', level: 500 });
    // The call has begun once a later one on the same connection is answered.
    await client.Propose({ family: 'later' });
    const begun = performance.now();
    child.kill('SIGTERM');
    expect((await answer).proposals[0]?.text).toBe('slow');
    expect(await ended).toBe(exitCodes.drained);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(log()).toContain('proposer is draining: SIGTERM');
    expect(log()).toContain('proposer has stopped');
  });

  it('exits within the grace period although a call never ends', async () => {
    const { child, client, ended } = await serving();
    const answer = client.Propose({ family: 'hang' }, { timeoutMs: 2500 }).catch((error: unknown) => error);
    await client.Propose({ family: 'later' });
    const begun = performance.now();
    child.kill('SIGINT');
    expect(await ended).toBe(exitCodes.drained);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await answer).toMatchObject({ code: expect.stringMatching(/unavailable|deadline_exceeded/) });
  });

  it('ends when the process that launched it is gone', async () => {
    const { child, ended, log } = await serving();
    child.disconnect();
    expect(await ended).toBe(exitCodes.drained);
    expect(log()).toContain('the launcher is gone');
  });

  it('ends with one line and a code for another start when something is thrown that nobody handles', async () => {
    const { client, ended, log } = await serving();
    await client.Propose({ family: 'crash' }, { timeoutMs: 1000 }).catch(() => {});
    expect(await ended).toBe(exitCodes.failed);
    expect(log()).toContain('proposer failed: nobody handles this');
  });
});

describe('a service process that cannot work', () => {
  async function failing(settings: object, ...words: string[]) {
    const service = await echoProcess(temporaryFolder(), settings, ...words);
    const said = once(service.child, 'message').then(([message]) => message as { failed: string });
    return { code: await service.ended, said: await said, log: service.log() };
  }

  it('names a faulty key and tells that another start cannot help', async () => {
    const { code, said, log } = await failing({ bus: { knid: 'nats' } });
    expect(code).toBe(exitCodes.hopeless);
    expect(said.failed).toMatch(/bus\.knid: unknown key; known here: kind, url, serverBinary/);
    expect(log.trim().split('\n')).toHaveLength(1);
  });

  it('says that it needs a bus of its own', async () => {
    expect((await failing({ bus: { kind: 'memory' } })).said.failed).toMatch(/bus\.kind is memory.*--bus memory/);
    expect((await failing({})).said.failed).toMatch(/needs bus\.url \(or NATS_URL\)/);
  });

  it('refuses a NATS without JetStream', async () => {
    const server = createServer((socket) => {
      const info = { server_id: 'x', version: '2.9.10', proto: 1, headers: true, max_payload: 1048576, client_id: 1 };
      socket.on('error', () => {}).on('data', () => socket.write('PONG\r\n'));
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterTest(() => server.close());
    const { code, said } = await failing({ bus: { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}` } });
    expect(code).toBe(exitCodes.hopeless);
    expect(said.failed).toMatch(/without JetStream/);
  });

  it.skipIf(natsServer === undefined)('ends with what its own readiness says', async () => {
    const { url } = await natsOver(temporaryFolder());
    const { code, said } = await failing({ bus: { url } }, '--no-model');
    expect(code).toBe(exitCodes.hopeless);
    expect(said.failed).toBe('model x does not exist');
  });
});
