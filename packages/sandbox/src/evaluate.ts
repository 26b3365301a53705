import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten';
import type { Fault, Limits, Outcome } from './outcome.ts';

/** The language without what differs from call to call (no Date) and without what nobody needs to calculate. */
const intrinsics = {
  BaseObjects: true,
  Eval: true,
  RegExp: true,
  RegExpCompiler: true,
  JSON: true,
  MapSet: true,
  BigInt: true,
  Promise: true,
} as const;

const longestMessage = 120;

/** What the guest's errors are called, by the start of their message; other errors are the program's own. */
const faults: readonly (readonly [string, Fault])[] = [
  ['SyntaxError', 'syntax'],
  ['InternalError: out of memory', 'memory'],
  ['InternalError: stack overflow', 'stack'],
];

function failed(fault: Fault, message: string): Outcome {
  return { ok: false, fault, message: message.slice(0, longestMessage) };
}

/** A property of a guest's object as text; empty where there is none. The guest's getters run under the same limits. */
function textOf(context: QuickJSContext, object: QuickJSHandle, name: string): string {
  const property = context.unwrapResult(context.evalCode(`(object) => String(object.${name}).slice(0, ${longestMessage})`));
  try {
    const called = context.callFunction(property, context.undefined, object);
    if (called.error) {
      called.error.dispose();
      return '';
    }
    return called.value.consume((value) => context.getString(value));
  } finally {
    property.dispose();
  }
}

function thrown(context: QuickJSContext, error: QuickJSHandle, outOfTime: boolean): Outcome {
  if (outOfTime) return failed('time', 'it ran for too long');
  if (context.typeof(error) !== 'object' || error === context.null) return failed('error', 'it threw something that is no error');
  let text: string;
  try {
    text = `${textOf(context, error, 'name')}: ${textOf(context, error, 'message')}`;
  } catch {
    // Out of memory, even for asking what went wrong.
    return failed('memory', 'it used too much memory');
  }
  const known = faults.find(([start]) => text.startsWith(start));
  return failed(known?.[1] ?? 'error', text);
}

function valueOf(context: QuickJSContext, handle: QuickJSHandle, limits: Limits): Outcome {
  switch (context.typeof(handle)) {
    case 'number':
      return { ok: true, value: String(context.getNumber(handle)) };
    case 'boolean':
      return { ok: true, value: String(context.dump(handle)) };
    case 'string': {
      const length = context.getProp(handle, 'length').consume((property) => context.getNumber(property));
      if (length > limits.valueCharacters) return failed('size', `its value has ${length} characters; ${limits.valueCharacters} may be`);
      return { ok: true, value: context.getString(handle) };
    }
    default:
      return failed('value', 'its last expression is no number, text or boolean');
  }
}

/**
 * Runs a program in a fresh interpreter and gives the value of its last expression. The same program always gives the same outcome: there is no clock
 * and no randomness in it, and time is counted in the interpreter's steps. Nothing of the host is visible to it. Never throws for what a program does.
 */
export function evaluate(quickjs: QuickJSWASMModule, code: string, limits: Limits): Outcome {
  if (code.length > limits.codeCharacters) return failed('size', `it has ${code.length} characters; ${limits.codeCharacters} may be`);
  const runtime = quickjs.newRuntime();
  let checks = 0;
  runtime.setInterruptHandler(() => ++checks > limits.checks);
  try {
    const context = runtime.newContext({ intrinsics });
    try {
      context.unwrapResult(context.evalCode('delete Math.random; undefined')).dispose();
      runtime.setMaxStackSize(limits.stackBytes);
      runtime.setMemoryLimit(limits.memoryBytes);
      const result = context.evalCode(code, 'call', { type: 'global' });
      if (result.error) return result.error.consume((error) => thrown(context, error, checks > limits.checks));
      return result.value.consume((value) => valueOf(context, value, limits));
    } finally {
      context.dispose();
    }
  } finally {
    runtime.dispose();
  }
}
