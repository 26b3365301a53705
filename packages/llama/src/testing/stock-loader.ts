// A process that hands adapter files to stock llama.cpp without looking at them first. It is meant to die: nothing else may live in it.
import { RedQueenError } from '@redqueen/core';
import { loadModel } from '../ffi/llama.ts';
import { StockContext } from '../ffi/stock-context.ts';
import { readGgufHeader } from '../gguf/reader.ts';
import { hyperParametersOf } from '../model/hyper-parameters.ts';

/** What stock llama.cpp did with a file: would not load it, or decoded with it to logits that are finite or not. */
export type StockOutcome = 'refused' | 'finite' | 'not finite';

const [, , modelPath = ''] = process.argv;
const { vocabulary } = hyperParametersOf(readGgufHeader(modelPath));
const model = loadModel(modelPath);
const tokens = Int32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

async function outcomeOf(path: string): Promise<StockOutcome> {
  const context = new StockContext(model, vocabulary, tokens.length);
  try {
    const logits = await context.withAdapter(path, () => context.logits(tokens));
    return logits.every(Number.isFinite) ? 'finite' : 'not finite';
  } catch (reason) {
    if (RedQueenError.from(reason).code === 'invalid_argument') return 'refused';
    throw reason;
  } finally {
    context.close();
  }
}

process.on('message', (path: string) => void outcomeOf(path).then((outcome) => process.send?.(outcome)));
process.on('disconnect', () => process.exit(0));
