// The native child process: it owns llama.cpp and ggml, so that an assertion in native code costs one restart and never the service.
import { RedQueenError } from '@redqueen/core';
import type { AnswerMessage, BeatMessage, CallMessage, CancelMessage } from './messages.ts';
import { errorMessage } from './messages.ts';
import type { PolicyDevice } from './protocol.ts';

function send(answer: AnswerMessage | BeatMessage): void {
  // Without a parent there is nobody to answer; `disconnect` ends the process.
  if (process.connected) process.send?.(answer);
}

/** Calls that can be given up, while they last. */
const cancellable = new Map<number, AbortController>();

/** What a method gets beside its parameters: only sampling can be given up. */
function moreParameters(call: number, method: keyof PolicyDevice): readonly AbortSignal[] {
  if (method !== 'generate') return [];
  const controller = new AbortController();
  cancellable.set(call, controller);
  return [controller.signal];
}

async function answer(device: Promise<PolicyDevice>, { call, method, parameters }: CallMessage): Promise<void> {
  const more = moreParameters(call, method);
  try {
    const target = await device;
    const run = target[method] as (...parameters: readonly unknown[]) => Promise<unknown>;
    send({ call, value: await run.apply(target, [...parameters, ...more]) });
  } catch (reason) {
    send({ call, error: errorMessage(reason) });
  } finally {
    cancellable.delete(call);
  }
}

function receive(message: CallMessage | CancelMessage): void {
  if ('cancel' in message) cancellable.get(message.cancel)?.abort(new RedQueenError('cancelled', 'the caller gave up'));
  else void answer(device, message);
}

// Imported here, so that missing or foreign libraries become the answer to the first call instead of a crash without words.
const device = import('./device.ts').then(({ LocalDevice }) => new LocalDevice(() => performance.now() / 1000));
device.catch(() => undefined);
process.on('message', (message: CallMessage | CancelMessage | BeatMessage) => {
  if ('beat' in message) send(message);
  else receive(message);
});
process.on('disconnect', () => {
  void device.then((opened) => opened.close()).finally(() => process.exit(0));
});
// Ctrl-C reaches the whole process group; the parent decides when the device ends, by closing the channel.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
