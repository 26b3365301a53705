// The native child process: it owns llama.cpp and ggml, so that an assertion in native code costs one restart and never the service.
import type { AnswerMessage, BeatMessage, CallMessage } from './messages.ts';
import { errorMessage } from './messages.ts';
import type { PolicyDevice } from './protocol.ts';

function send(answer: AnswerMessage | BeatMessage): void {
  // Without a parent there is nobody to answer; `disconnect` ends the process.
  if (process.connected) process.send?.(answer);
}

async function answer(device: Promise<PolicyDevice>, { call, method, parameters }: CallMessage): Promise<void> {
  try {
    const target = await device;
    const run = target[method] as (...parameters: readonly unknown[]) => Promise<unknown>;
    send({ call, value: await run.apply(target, parameters as unknown[]) });
  } catch (reason) {
    send({ call, error: errorMessage(reason) });
  }
}

// Imported here, so that missing or foreign libraries become the answer to the first call instead of a crash without words.
const device = import('./device.ts').then(({ LocalDevice }) => new LocalDevice(() => performance.now() / 1000));
device.catch(() => undefined);
process.on('message', (message: CallMessage | BeatMessage) => {
  if ('beat' in message) send(message);
  else void answer(device, message);
});
process.on('disconnect', () => {
  void device.then((opened) => opened.close()).finally(() => process.exit(0));
});
// Ctrl-C reaches the whole process group; the parent decides when the device ends, by closing the channel.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
