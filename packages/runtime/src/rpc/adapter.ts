import type { handleServerStreamingCall, handleUnaryCall, Metadata, ServerWritableStream } from '@grpc/grpc-js';
import { RedQueenError } from '@redqueen/core';
import { once } from 'node:events';
import type { Logger } from '../log/logger.ts';
import type { CallContext } from './handlers.ts';
import { statusOf } from './status.ts';

/** What the adapter needs of the server. */
export interface AdapterContext {
  readonly logger: Logger;
  /** Aborts when the service is to end: streams stop at once. */
  readonly closing: AbortSignal;
  /** Aborts when the time for calls under way is over: they are answered with its reason. */
  readonly cutOff: AbortSignal;
  /** Called when a call begins and when it has ended. */
  readonly counted: (change: 1 | -1) => void;
  /** Why no further call of that kind is taken now; undefined where there is room. */
  readonly refusal: () => RedQueenError | undefined;
}

interface Call {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getDeadline(): Date | number;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** gRPC cancels a server call both when the caller gives up and when its deadline has passed. */
function abortWhenCancelled(call: Call, controller: AbortController): AbortController {
  const abort = () => controller.abort(new RedQueenError('cancelled', 'the caller gave up or its deadline has passed'));
  call.on('cancelled', abort);
  if (call.cancelled) abort();
  return controller;
}

function contextOf(call: Call, signal: AbortSignal): CallContext {
  const [traceparent] = call.metadata.get('traceparent');
  return { signal, traceparent: typeof traceparent === 'string' ? traceparent : '' };
}

/** Milliseconds after which whoever was refused may ask again. */
const askAgainAfterMs = 1000;

/** The answer to a call that there is no room for, with gRPC's own hint when to come again (gRFC A6). */
function refused(refusal: RedQueenError): ReturnType<typeof statusOf> {
  const status = statusOf(refusal);
  status.metadata.set('grpc-retry-pushback-ms', `${askAgainAfterMs}`);
  return status;
}

/** Logs what is our fault; what is the caller's is its own affair. */
function failed(method: string, reason: unknown, context: AdapterContext): ReturnType<typeof statusOf> {
  const error = RedQueenError.from(reason);
  if (error.code === 'internal' || error.code === 'data_loss') context.logger.error({ err: reason, method }, `${method} failed`);
  return statusOf(error);
}

/** What ends a call from outside: the caller, or the server's time. Joined by hand, since `AbortSignal.any` costs more than everything else done here. */
class UnaryEnd {
  readonly #controller = new AbortController();
  readonly #late = Promise.withResolvers<never>();
  readonly #cutOff: AbortSignal;

  constructor(call: Call, cutOff: AbortSignal) {
    this.#cutOff = cutOff;
    if (cutOff.aborted) this.#cut();
    else cutOff.addEventListener('abort', this.#cut, { once: true });
    abortWhenCancelled(call, this.#controller);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Rejects once the time for calls under way is over. */
  get late(): Promise<never> {
    return this.#late.promise;
  }

  /** The signal that cuts off lives as long as the server: what listens to it must not pile up. */
  forget(): void {
    this.#cutOff.removeEventListener('abort', this.#cut);
  }

  readonly #cut = (): void => {
    this.#controller.abort(this.#cutOff.reason);
    this.#late.reject(this.#cutOff.reason as Error);
  };
}

/** A promise handler as grpc-js wants it. Whatever is thrown becomes a status; nothing is left unhandled. */
export function unary(
  method: string,
  handler: (request: unknown, call: CallContext) => Promise<unknown>,
  context: AdapterContext,
): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    const refusal = context.refusal();
    if (refusal) return callback(refused(refusal));
    context.counted(1);
    const end = new UnaryEnd(call, context.cutOff);
    // Async, so that a handler that throws before its first await is caught like any other.
    const answer = async () => handler(call.request, contextOf(call, end.signal));
    Promise.race([answer(), end.late])
      .then(
        (response) => callback(null, response),
        (reason: unknown) => callback(failed(method, reason, context)),
      )
      .catch((reason: unknown) => context.logger.error({ err: reason, method }, `${method}: the answer could not be sent`))
      .finally(() => {
        end.forget();
        context.counted(-1);
      });
  };
}

async function pump(call: ServerWritableStream<unknown, unknown>, answers: AsyncIterable<unknown>, signal: AbortSignal): Promise<void> {
  for await (const answer of answers) {
    signal.throwIfAborted();
    // A full buffer means a slow reader: wait instead of piling up.
    if (!call.write(answer)) await once(call, 'drain', { signal });
  }
}

/** A streaming handler as grpc-js wants it. The stream ends when the iterable does, the caller leaves, or the service closes. */
export function streaming(
  method: string,
  handler: (request: unknown, call: CallContext) => AsyncIterable<unknown>,
  context: AdapterContext,
): handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    const refusal = context.refusal();
    if (refusal) return void call.emit('error', refused(refusal));
    context.counted(1);
    const signal = AbortSignal.any([abortWhenCancelled(call, new AbortController()).signal, context.closing]);
    const answer = async () => pump(call, handler(call.request, contextOf(call, signal)), signal);
    answer()
      .then(
        () => (context.closing.aborted ? call.emit('error', statusOf(context.closing.reason)) : call.end()),
        (reason: unknown) => call.emit('error', failed(method, signal.aborted ? signal.reason : reason, context)),
      )
      .catch((reason: unknown) => context.logger.error({ err: reason, method }, `${method}: the stream could not be ended`))
      .finally(() => context.counted(-1));
  };
}
