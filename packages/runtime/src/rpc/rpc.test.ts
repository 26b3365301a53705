import { Client as GrpcClient, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { RedQueenError, statusOfCode, type ErrorCode } from '@redqueen/core';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { connectRpc } from './client.ts';
import { serviceDefinition } from './definitions.ts';
import type { CallContext, Handlers } from './handlers.ts';
import { healthProbe } from './health.ts';
import { startRpcServer, type RpcServer } from './server.ts';

type Propose = Handlers<'ProposerService'>['Propose'];
type Watch = Handlers<'GatewayService'>['WatchRun'];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serveProposer(Propose: Propose, port = 0): Promise<{ server: RpcServer; address: string }> {
  const server = await startRpcServer({ host: '127.0.0.1', port, implementation: { ProposerService: { Propose } }, logger: silentLogger });
  cleanups.push(() => server.drain(0));
  return { server, address: `127.0.0.1:${server.port}` };
}

function proposer(address: string) {
  const client = connectRpc('ProposerService', address);
  cleanups.push(() => client.close());
  return client;
}

/** A gateway of which only these methods matter. WatchRun streams; StartRun is never retried. */
async function serveGateway(some: Partial<Handlers<'GatewayService'>>, maxCalls?: number) {
  const unasked = () => Promise.reject(new RedQueenError('internal', 'not part of this test'));
  const names = Object.keys(serviceDefinition('GatewayService'));
  const handlers = { ...Object.fromEntries(names.map((name) => [name, unasked])), ...some } as unknown as Handlers<'GatewayService'>;
  const implementation = { GatewayService: handlers };
  const server = await startRpcServer({ host: '127.0.0.1', port: 0, implementation, logger: silentLogger, maxCalls });
  const client = connectRpc('GatewayService', `127.0.0.1:${server.port}`);
  cleanups.push(
    () => server.drain(0),
    () => client.close(),
  );
  return { server, client };
}

const serveWatch = (WatchRun: Watch) => serveGateway({ WatchRun });

function whenAborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));
}

/** What gRPC tells a refused caller: when to come again. */
function hintOf(error: unknown): unknown {
  const { metadata } = (error as RedQueenError).cause as ServiceError;
  return metadata.get('grpc-retry-pushback-ms')[0];
}

describe('a server that has enough to do', () => {
  it('refuses a further call, says when to come again, and takes it once there is room', async () => {
    const release = Promise.withResolvers<void>();
    const begun = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
    let calls = 0;
    const StartRun = async () => {
      begun[calls++]?.resolve();
      await release.promise;
      return {};
    };
    const { client } = await serveGateway({ StartRun }, 2);
    const first = [client.StartRun({}), client.StartRun({})];
    await Promise.all(begun.map(({ promise }) => promise));
    const refusal = await client.StartRun({}).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'resource_exhausted', retryable: true, message: expect.stringContaining('2 calls') });
    expect(hintOf(refusal)).toBe('1000');
    expect(calls).toBe(2);
    release.resolve();
    await Promise.all(first);
    await client.StartRun({});
    expect(calls).toBe(3);
  });

  it('bounds streams apart from calls, so that watchers keep nobody from asking', async () => {
    const WatchRun: Watch = async function* (_, { signal }) {
      yield {};
      await whenAborted(signal);
    };
    const { client } = await serveGateway({ WatchRun, StartRun: async () => ({}) }, 1);
    const watching = client.WatchRun({})[Symbol.asyncIterator]();
    await watching.next();
    const refusal = await client
      .WatchRun({})
      [Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'resource_exhausted', message: expect.stringContaining('1 streams') });
    expect(hintOf(refusal)).toBe('1000');
    await client.StartRun({});
    await watching.return?.();
  });
});

describe('a unary call', () => {
  it('carries request, answer and trace context', async () => {
    let seen: CallContext | undefined;
    const { address } = await serveProposer(async (request, call) => {
      seen = call;
      return { policy: { adapterHash: `${request.run}/${request.count}` } };
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await proposer(address).Propose({ run: 'r', count: 3 }, { traceparent });
    expect(answer.policy?.adapterHash).toBe('r/3');
    expect(seen?.traceparent).toBe(traceparent);
  });

  it.each(Object.keys(statusOfCode) as ErrorCode[])('brings a RedQueenError %s back with its code and message', async (code) => {
    const { client } = await serveGateway({
      async StartRun() {
        throw new RedQueenError(code, 'field x is wrong; set it to y');
      },
    });
    const failure = await client.StartRun({}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RedQueenError);
    expect(failure).toMatchObject({ code, message: 'GatewayService.StartRun: field x is wrong; set it to y' });
  });

  it('turns any throw into a status, also one before the first await and one that is no Error', async () => {
    const throws: Propose[] = [
      async () => {
        throw new TypeError('boom');
      },
      () => {
        throw new TypeError('boom');
      },
      () => Promise.reject('boom'),
    ];
    for (const handler of throws) {
      const { address } = await serveProposer(handler);
      await expect(proposer(address).Propose({})).rejects.toMatchObject({ code: 'internal', message: 'ProposerService.Propose: boom' });
    }
  });

  it('answers with a status where the handler gives no message at all', async () => {
    const { address } = await serveProposer(async () => 'nonsense' as never);
    await expect(proposer(address).Propose({}, { timeoutMs: 2000 })).rejects.toMatchObject({ code: 'internal' });
  });

  it('aborts the handler when the deadline has passed, and says deadline_exceeded', async () => {
    let reason: Promise<unknown> | undefined;
    const { address } = await serveProposer(async (_, { signal }) => {
      reason = whenAborted(signal);
      await reason;
      return {};
    });
    await expect(proposer(address).Propose({}, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(reason).resolves.toBeInstanceOf(RedQueenError);
  });

  it('aborts the handler when the caller gives up', async () => {
    const caller = new AbortController();
    let reason: Promise<unknown> | undefined;
    const { address } = await serveProposer(async (_, { signal }) => {
      reason = whenAborted(signal);
      caller.abort();
      await reason;
      return {};
    });
    await expect(proposer(address).Propose({}, { signal: caller.signal })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(reason).resolves.toMatchObject({ code: 'cancelled' });
    await expect(proposer(address).Propose({}, { signal: caller.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('refuses a request over the size limit', async () => {
    const { address } = await serveProposer(async () => ({}));
    await expect(proposer(address).Propose({ run: 'x'.repeat(17 * 1024 * 1024) })).rejects.toMatchObject({ code: 'resource_exhausted' });
  });

  it('says unimplemented for a service that is not there', async () => {
    const { address } = await serveProposer(async () => ({}));
    const client = connectRpc('CurriculumService', address);
    cleanups.push(() => client.close());
    await expect(client.Next({})).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  it('finds a server that comes back on the same port, without a new client', async () => {
    const first = await serveProposer(async () => ({ policy: { adapterHash: 'first' } }));
    const client = proposer(first.address);
    expect((await client.Propose({})).policy?.adapterHash).toBe('first');
    await first.server.drain(0);
    await serveProposer(async () => ({ policy: { adapterHash: 'second' } }), first.server.port);
    expect((await client.Propose({}, { timeoutMs: 10_000 })).policy?.adapterHash).toBe('second');
  });

  it('retries what nobody answered, and nothing else', async () => {
    let calls = 0;
    const { address } = await serveProposer(async () => {
      calls++;
      throw new RedQueenError(calls < 3 ? 'unavailable' : 'invalid_argument', 'no');
    });
    await expect(proposer(address).Propose({})).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(calls).toBe(3);
  });

  it('is unavailable where nobody listens', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    await expect(proposer(`127.0.0.1:${port}`).Propose({})).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('survives bytes that are no message', async () => {
    const { address } = await serveProposer(async () => ({}));
    const raw = new GrpcClient(address, credentials.createInsecure());
    cleanups.push(() => raw.close());
    const code = await new Promise((resolve) => {
      const identity = (bytes: Buffer) => bytes;
      raw.makeUnaryRequest('/redqueen.v1.ProposerService/Propose', identity, identity, Buffer.from([0xff, 0xff, 0xff]), (error) =>
        resolve(error?.code),
      );
    });
    expect(code).toBe(status.INTERNAL);
    await expect(proposer(address).Propose({})).resolves.toBeDefined();
  });
});

describe('a stream', () => {
  it('carries every answer in order, waiting for a slow reader', async () => {
    const { client } = await serveWatch(async function* () {
      for (let step = 0; step < 500; step++) yield { elapsedSeconds: step, note: 'x'.repeat(1000) };
    });
    const steps: number[] = [];
    for await (const { elapsedSeconds } of client.WatchRun({ run: 'r' })) steps.push(elapsedSeconds);
    expect(steps).toEqual(Array.from({ length: 500 }, (_, step) => step));
  });

  it('ends with the error that the handler throws', async () => {
    const { client } = await serveWatch(async function* () {
      yield { note: 'one' };
      throw new RedQueenError('not_found', 'run r does not exist');
    });
    const notes: string[] = [];
    const reading = async () => {
      for await (const { note } of client.WatchRun({ run: 'r' })) notes.push(note);
    };
    await expect(reading()).rejects.toMatchObject({ code: 'not_found', message: 'GatewayService.WatchRun: run r does not exist' });
    expect(notes).toEqual(['one']);
  });

  it('stops the handler when the reader leaves', async () => {
    let left: (() => void) | undefined;
    const leaving = new Promise<void>((resolve) => (left = resolve));
    const { client } = await serveWatch(async function* (_, { signal }) {
      yield { note: 'one' };
      await whenAborted(signal);
      left?.();
    });
    for await (const { note } of client.WatchRun({ run: 'r' })) {
      expect(note).toBe('one');
      break;
    }
    await leaving;
  });
});

describe('draining', () => {
  it('ends streams with unavailable at once and lets a unary call finish', async () => {
    const watch = await serveWatch(async function* (_, { signal }) {
      yield { note: 'one' };
      await whenAborted(signal);
    });
    const stream = watch.client.WatchRun({ run: 'r' })[Symbol.asyncIterator]();
    await stream.next();
    const ended = expect(stream.next()).rejects.toMatchObject({ code: 'unavailable' });
    await watch.server.drain(5000);
    await ended;

    let finish: (() => void) | undefined;
    let begun: (() => void) | undefined;
    const started = new Promise<void>((resolve) => (begun = resolve));
    const { server, address } = await serveProposer(async () => {
      begun?.();
      await new Promise<void>((resolve) => (finish = resolve));
      return { policy: { adapterHash: 'finished' } };
    });
    const answer = proposer(address).Propose({});
    await started;
    expect(server.inFlight).toBe(1);
    const drained = server.drain(5000);
    finish?.();
    expect((await answer).policy?.adapterHash).toBe('finished');
    await drained;
    expect(server.inFlight).toBe(0);
  });

  it('answers what does not end within the grace period with unavailable', async () => {
    const begun = Promise.withResolvers<void>();
    const { server, client } = await serveGateway({
      async StartRun() {
        begun.resolve();
        return new Promise(() => {});
      },
    });
    const answer = client.StartRun({}).catch((error: unknown) => error);
    await begun.promise;
    await server.drain(50);
    expect(await answer).toMatchObject({ code: 'unavailable' });
    expect(server.inFlight).toBe(0);
  });
});

describe('health and ports', () => {
  it('says NOT_SERVING, SERVING, and UNREACHABLE after the end', async () => {
    const { server, address } = await serveProposer(async () => ({}));
    const probe = healthProbe(address);
    cleanups.push(() => probe.close());
    expect(await probe.check(1000)).toBe('NOT_SERVING');
    server.setServing(true);
    expect(await probe.check(1000)).toBe('SERVING');
    await server.drain(0);
    expect(await probe.check(1000)).toBe('UNREACHABLE');
  });

  it('says in one message which port is in use and what to set', async () => {
    const { server } = await serveProposer(async () => ({}));
    const second = startRpcServer({
      host: '127.0.0.1',
      port: server.port,
      implementation: {},
      logger: silentLogger,
      portSetting: 'services.proposer.port',
    });
    await expect(second).rejects.toMatchObject({
      code: 'failed_precondition',
      message: `127.0.0.1:${server.port} is in use by another process; stop it or set services.proposer.port to another port (0 = any free one)`,
    });
  });
});
