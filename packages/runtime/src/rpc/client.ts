import {
  Client as GrpcClient,
  credentials,
  Metadata,
  type CallOptions as GrpcCallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
} from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { RedQueenError } from '@redqueen/core';
import { serviceDefinition, type IsStream, type Method, type RequestInput, type Response, type RpcService } from './definitions.ts';
import { deadlineIn } from './deadline.ts';
import { serviceConfig } from './service-config.ts';
import { errorOf } from './status.ts';

/** Settings of one call. */
export interface CallOptions {
  /** Deadline from now; that of the service config when left out. */
  readonly timeoutMs?: number;
  /** Gives up the call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** W3C trace context to send. */
  readonly traceparent?: string;
}

/** A typed client: one function a method, named as in the contract, answering a promise or, for a streaming method, an async iterable. */
export type Client<S extends RpcService> = {
  readonly [M in Method<S>]: (
    request: RequestInput<S, M>,
    options?: CallOptions,
  ) => IsStream<S, M> extends true ? AsyncIterable<Response<S, M>> : Promise<Response<S, M>>;
} & {
  /** Closes the connection; calls under way fail with `unavailable`. */
  close(): void;
};

type Definition = MethodDefinition<object, object>;

function grpcOptions(options: CallOptions): GrpcCallOptions {
  return options.timeoutMs === undefined ? {} : { deadline: deadlineIn(options.timeoutMs) };
}

function metadataOf(options: CallOptions): Metadata {
  const metadata = new Metadata();
  if (options.traceparent) metadata.set('traceparent', options.traceparent);
  return metadata;
}

/** Cancels the call when the signal aborts. Returns what removes the listener, so that a long-lived signal does not collect them. */
function cancelOn(signal: AbortSignal | undefined, call: { cancel(): void }): () => void {
  if (!signal) return () => {};
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}

function aborted(name: string, signal: AbortSignal): RedQueenError {
  return new RedQueenError('cancelled', `${name}: given up by the caller`, { cause: signal.reason });
}

function callUnary(client: GrpcClient, name: string, method: Definition, request: object, options: CallOptions): Promise<object> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(aborted(name, signal));
  return new Promise((resolve, reject) => {
    const call: ClientUnaryCall = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadataOf(options),
      grpcOptions(options),
      (error, response) => {
        release();
        if (error) reject(signal?.aborted ? aborted(name, signal) : errorOf(name, error));
        else resolve(response as object);
      },
    );
    const release = cancelOn(signal, call);
  });
}

async function* callStream(
  client: GrpcClient,
  name: string,
  method: Definition,
  request: object,
  options: CallOptions,
): AsyncGenerator<object> {
  const { signal } = options;
  if (signal?.aborted) throw aborted(name, signal);
  const call: ClientReadableStream<object> = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    metadataOf(options),
    grpcOptions(options),
  );
  const release = cancelOn(signal, call);
  try {
    for await (const response of call) yield response as object;
  } catch (error) {
    throw signal?.aborted ? aborted(name, signal) : errorOf(name, error as Parameters<typeof errorOf>[1]);
  } finally {
    release();
    call.cancel();
  }
}

/**
 * A client of a service at host:port. It connects at the first call and again whenever the connection was lost.
 * Deadlines and retries are those of the service config. Errors are RedQueenErrors that name the method.
 */
export function connectRpc<S extends RpcService>(service: S, address: string): Client<S> {
  const client = new GrpcClient(address, credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig(service)),
    'grpc.max_receive_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.keepalive_time_ms': 30_000,
    // Each client is one service's view of another; sharing connections between them would tie their ends together.
    'grpc.use_local_subchannel_pool': 1,
  });
  const methods = Object.entries(serviceDefinition(service)).map(([name, definition]) => {
    const method = definition as Definition;
    const full = `${service}.${name}`;
    const call = method.responseStream ? callStream : callUnary;
    return [name, (request: object, options: CallOptions = {}) => call(client, full, method, request, options)];
  });
  return { ...Object.fromEntries(methods), close: () => client.close() } as Client<S>;
}
