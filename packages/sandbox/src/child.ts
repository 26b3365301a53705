import { newQuickJSWASMModule } from 'quickjs-emscripten';
import { evaluate } from './evaluate.ts';
import type { CallsMessage, ChildMessage } from './messages.ts';

// The process in which programs of models run. It ends with its parent, and with the first failure of the interpreter itself:
// what is left of an interpreter that failed is not used again.

const quickjs = await newQuickJSWASMModule();

const send = (message: ChildMessage): void => {
  process.send?.(message);
};

process.on('message', (message: CallsMessage) => {
  const { codes, limits } = message;
  send({ outcomes: codes.map((code) => evaluate(quickjs, code, limits)) });
});
process.on('disconnect', () => process.exit(0));
send({ ready: true });
