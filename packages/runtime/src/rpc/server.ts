import { logVerbosity, Server, ServerCredentials, setLogVerbosity, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { RedQueenError } from '@redqueen/core';
import { HealthImplementation } from 'grpc-health-check';
import type { Logger } from '../log/logger.ts';
import { streaming, unary, type AdapterContext } from './adapter.ts';
import { Admission } from './admission.ts';
import { fullName, serviceDefinition, type RpcService } from './definitions.ts';
import type { CallContext, RpcImplementation } from './handlers.ts';

// What it would print to the console comes back as an error anyway, and is told once, in our words.
setLogVerbosity(logVerbosity.NONE);

/** Requests larger than this are refused with RESOURCE_EXHAUSTED. */
export const maxRequestBytes = 16 * 1024 * 1024;

/** Enough for every call that the other services of a cluster make at once, and little enough to hold in memory. */
const defaultMaxCalls = 512;

/** What to serve and where. */
export interface RpcServerOptions {
  /** Address to listen on, e.g. 127.0.0.1. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly implementation: RpcImplementation;
  readonly logger: Logger;
  /** Calls under way at most, and as many streams; more are refused with RESOURCE_EXHAUSTED and the time after which to ask again. 512 when left out. */
  readonly maxCalls?: number | undefined;
  /** Name of the setting that holds the port, for the error when it is in use. */
  readonly portSetting?: string;
}

/** A gRPC server with health; NOT_SERVING until told otherwise. */
export interface RpcServer {
  readonly port: number;
  /** Calls and streams under way. */
  readonly inFlight: number;
  /** What health checks answer, for the server as a whole and for each of its services. */
  setServing(serving: boolean): void;
  /**
   * Ends in order: NOT_SERVING, streams end with `unavailable`, no new calls, those under way are finished;
   * what has not ended after `graceMs` is answered with `unavailable`. Never rejects; a second call waits for the first.
   */
  drain(graceMs: number): Promise<void>;
}

type AnyHandler = (request: unknown, call: CallContext) => unknown;

type Admissions = Readonly<Record<'calls' | 'streams', Admission>>;
type ServerContext = Omit<AdapterContext, 'counted' | 'refusal'>;

function implementationOf(
  service: RpcService,
  handlers: object,
  shared: ServerContext,
  admissions: Admissions,
): UntypedServiceImplementation {
  const byName = handlers as Record<string, AnyHandler | undefined>;
  const methods = Object.entries(serviceDefinition(service)).map(([name, definition]) => {
    const handler = byName[name];
    if (!handler) throw new RedQueenError('internal', `${service} has no handler for ${name}`);
    const method = `${service}.${name}`;
    const admission = admissions[definition.responseStream ? 'streams' : 'calls'];
    const counted = (change: number): number => (admission.count += change);
    const context: AdapterContext = { ...shared, counted, refusal: () => admission.refusal() };
    const adapted = definition.responseStream
      ? streaming(method, handler as Parameters<typeof streaming>[1], context)
      : unary(method, handler as Parameters<typeof unary>[1], context);
    return [name, adapted];
  });
  return Object.fromEntries(methods) as UntypedServiceImplementation;
}

function bind(server: Server, options: RpcServerOptions): Promise<number> {
  const where = `${options.host}:${options.port}`;
  const setting = options.portSetting ?? 'the port';
  return new Promise((resolve, reject) => {
    server.bindAsync(where, ServerCredentials.createInsecure(), (error, port) => {
      if (!error) return resolve(port);
      const message = error.message.includes('EADDRINUSE')
        ? `${where} is in use by another process; stop it or set ${setting} to another port (0 = any free one)`
        : `cannot listen on ${where}: ${error.message}; check ${setting} and the host`;
      reject(new RedQueenError('failed_precondition', message, { cause: error }));
    });
  });
}

/** Time for the last statuses to leave before connections are cut. */
const flushMs = 200;

function shutDown(server: Server, graceMs: number, cutOff: () => void): Promise<void> {
  return new Promise((resolve) => {
    // tryShutdown alone would wait for ever on a call that does not end.
    const timers = [setTimeout(cutOff, graceMs), setTimeout(() => server.forceShutdown(), graceMs + flushMs)];
    server.tryShutdown(() => {
      timers.forEach(clearTimeout);
      resolve();
    });
  });
}

/** Starts a gRPC server. Throws `failed_precondition` where the port is in use or cannot be bound. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const closing = new AbortController();
  const cutOff = new AbortController();
  const ending = new RedQueenError('unavailable', 'the service is shutting down');
  let drained: Promise<void> | undefined;
  const limit = options.maxCalls ?? defaultMaxCalls;
  const admissions = { calls: new Admission('calls', limit), streams: new Admission('streams', limit) };
  const server = new Server({ 'grpc.max_receive_message_length': maxRequestBytes, 'grpc.max_send_message_length': -1 });
  const services = Object.keys(options.implementation) as RpcService[];
  const health = new HealthImplementation();
  const setServing = (serving: boolean) => {
    for (const name of ['', ...services.map(fullName)]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  };
  for (const service of services) {
    const context = { logger: options.logger, closing: closing.signal, cutOff: cutOff.signal };
    server.addService(serviceDefinition(service), implementationOf(service, options.implementation[service] ?? {}, context, admissions));
  }
  setServing(false);
  health.addToServer(server);
  const port = await bind(server, options);
  return {
    port,
    get inFlight() {
      return admissions.calls.count + admissions.streams.count;
    },
    setServing,
    drain(graceMs) {
      setServing(false);
      closing.abort(ending);
      drained ??= shutDown(server, graceMs, () => cutOff.abort(ending));
      return drained;
    },
  };
}
