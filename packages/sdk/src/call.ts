import { Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { packageDefinition, type GatewayServiceDefinition } from '@redqueen/contract';
import { codeOfStatus, errorCodeMetadata, RedQueenError, statusOfCode, type ErrorCode } from '@redqueen/core';

/** Settings of one call. */
export interface CallOptions {
  /** Gives up the call when it aborts. */
  readonly signal?: AbortSignal;
  /** Deadline from now in milliseconds; each method has a default. */
  readonly timeoutMs?: number;
}

/** A method of the gateway, e.g. StartRun. */
export type GatewayMethod = Exclude<keyof { [M in keyof GatewayServiceDefinition as string extends M ? never : M]: true }, number | symbol>;
type Types<M extends GatewayMethod> =
  GatewayServiceDefinition[M] extends MethodDefinition<infer Input, infer _ResponseInput, infer _Request, infer Response>
    ? { input: Input; response: Response }
    : never;
/** What a caller may write: fields may be left out. */
export type MethodInput<M extends GatewayMethod> = Types<M>['input'];
/** What a caller gets: every field present. */
export type MethodResponse<M extends GatewayMethod> = Types<M>['response'];

function definitionOf(method: GatewayMethod): MethodDefinition<object, object> {
  const service = packageDefinition()['redqueen.v1.GatewayService'] as unknown as Record<string, MethodDefinition<object, object>>;
  const definition = service[method];
  if (!definition) throw new RedQueenError('internal', `the contract has no GatewayService.${method}`);
  return definition;
}

function sentCode(metadata: Metadata | undefined): ErrorCode | undefined {
  const [sent] = metadata?.get(errorCodeMetadata) ?? [];
  return typeof sent === 'string' && sent in statusOfCode ? (sent as ErrorCode) : undefined;
}

/** A failed call as a RedQueenError with the server's own message. */
function errorOf(error: ServiceError, address: string): RedQueenError {
  const sent = sentCode(error.metadata);
  const code = sent ?? codeOfStatus(error.code);
  const said = error.details || error.message;
  return new RedQueenError(code, code === 'unavailable' && !sent ? `no gateway answers at ${address}: ${said}` : said, { cause: error });
}

function givenUp(signal: AbortSignal): RedQueenError {
  return new RedQueenError('cancelled', 'given up by the caller', { cause: signal.reason });
}

/** The connection that calls go through. */
export interface Connection {
  readonly client: Client;
  readonly address: string;
  /** Calls that may be made twice without harm. */
  readonly repeatable: ReadonlySet<GatewayMethod>;
  /** Whether the gateway has ever answered: then one that is away is being started again, and is waited for. */
  reached: boolean;
}

/** Whether the gateway said something itself, and not the transport about it. */
function answered(error: ServiceError | null): boolean {
  return !error || sentCode(error.metadata) !== undefined;
}

/** Makes a unary call. A repeatable one outlasts a restart of the gateway, up to its deadline. Rejects with a RedQueenError. */
export function callUnary<M extends GatewayMethod>(
  connection: Connection,
  method: M,
  request: MethodInput<M>,
  { signal, timeoutMs }: CallOptions & { readonly timeoutMs: number },
): Promise<MethodResponse<M>> {
  if (signal?.aborted) return Promise.reject(givenUp(signal));
  const { client, address } = connection;
  const { path, requestSerialize, responseDeserialize } = definitionOf(method);
  const metadata = new Metadata({ waitForReady: connection.reached && connection.repeatable.has(method) });
  const deadline = new Date(Date.now() + timeoutMs);
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, response?: object): void => {
      signal?.removeEventListener('abort', cancel);
      connection.reached ||= answered(error);
      if (error) reject(signal?.aborted ? givenUp(signal) : errorOf(error, address));
      else resolve(response as MethodResponse<M>);
    };
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request as object, metadata, { deadline }, done);
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

/** Reads a server stream until it ends, the reader stops, or the signal aborts. Throws a RedQueenError. */
export async function* callStream<M extends GatewayMethod>(
  { client, address }: Connection,
  method: M,
  request: MethodInput<M>,
  { signal }: CallOptions,
): AsyncGenerator<MethodResponse<M>, void, undefined> {
  if (signal?.aborted) throw givenUp(signal);
  const { path, requestSerialize, responseDeserialize } = definitionOf(method);
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request as object, new Metadata());
  const cancel = (): void => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const response of call) yield response as MethodResponse<M>;
  } catch (error) {
    throw signal?.aborted ? givenUp(signal) : errorOf(error as ServiceError, address);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}
