import type { Pointer } from '../ffi/ggml.ts';
import type { DecodeContext } from './decode-context.ts';
import type { LogitRows } from './logit-rows.ts';
import type { ThreadChoice } from './thread-choice.ts';
import { type AnyWork, SampleGroup } from './work.ts';

/** What passes of one device share: at most one of them computes at a time. */
export interface PassTools {
  readonly rows: LogitRows;
  readonly threads: ThreadChoice;
  /** Seconds of a monotonic clock. */
  readonly now: () => number;
}

/** Passes of a batch through the model, and what is read from their logits. */
export class Passes {
  readonly rows: LogitRows;
  readonly #tools: PassTools;

  constructor(tools: PassTools) {
    this.#tools = tools;
    this.rows = tools.rows;
  }

  /** Decodes the context's batch. Steps, which are alike, tell which number of threads is the faster now. */
  async decode(context: DecodeContext, isStep = false): Promise<Pointer> {
    const { threads, now } = this.#tools;
    if (!isStep) return context.decode(threads.current);
    const chosen = threads.next();
    const start = now();
    const logits = await context.decode(chosen);
    threads.note(chosen, context.batch.size, now() - start);
    return logits;
  }

  /** Makes the first rows of the logits ready to be read, at the temperatures of the work that they belong to. */
  async read(logits: Pointer, rows: number, works: readonly AnyWork[]): Promise<void> {
    if (rows === 0) return;
    const temperatures = new Set(works.map((work) => (work instanceof SampleGroup ? work.settings.temperature : 1)));
    await this.rows.take(logits, rows, temperatures);
  }
}
