import type { IsStream, Method, Request, ResponseInput, RpcService } from './definitions.ts';

/** What a handler knows of the call besides its request. */
export interface CallContext {
  /** Aborts when the caller gave up, its deadline passed, or the service is shutting down. */
  readonly signal: AbortSignal;
  /** W3C trace context of the caller; empty where it sent none. */
  readonly traceparent: string;
}

/** A handler: a promise, or for a streaming method an async iterable. It may throw whatever it likes. */
export type Handler<S extends RpcService, M extends Method<S>> = (
  request: Request<S, M>,
  call: CallContext,
) => IsStream<S, M> extends true ? AsyncIterable<ResponseInput<S, M>> : Promise<ResponseInput<S, M>>;

/** All handlers of one gRPC service, named as in the contract. */
export type Handlers<S extends RpcService> = { readonly [M in Method<S>]: Handler<S, M> };

/** The gRPC services that a process offers. */
export type RpcImplementation = { readonly [S in RpcService]?: Handlers<S> };
