import type { DecodeContext } from './decode-context.ts';
import type { Passes } from './passes.ts';
import { guarded, type ScoreGroup } from './work.ts';

/** Rows of logits that are looked at together. */
const rowsTogether = 64;

/** The sequences that continuations may take: the first one, and how many at a time. */
export interface ScoreSequences {
  readonly first: number;
  readonly together: number;
}

/** Log-probs of the tokens of a group's continuations after their first, each continuation in a sequence of its own behind the prompt. */
export async function scoreContinuations(
  passes: Passes,
  context: DecodeContext,
  work: ScoreGroup,
  { first, together }: ScoreSequences,
): Promise<void> {
  const long = [...work.continuations.entries()].filter(([, tokens]) => tokens.length > 1);
  while (long.length > 0 && !work.ended) {
    const some = long.splice(0, together);
    for (const index of some.keys()) context.share(work.holder, first + index);
    await scoreTogether(passes, context, work, { first, some });
    for (const index of some.keys()) context.remove(first + index);
  }
}

interface Pending {
  readonly which: number;
  readonly position: number;
  readonly token: number;
}

async function scoreTogether(
  passes: Passes,
  context: DecodeContext,
  work: ScoreGroup,
  { first, some }: { readonly first: number; readonly some: readonly (readonly [number, Int32Array])[] },
): Promise<void> {
  const { batch } = context;
  let pending: Pending[] = [];
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    await passes.read(await passes.decode(context), batch.rows, []);
    guarded(work, () => {
      for (const [row, { which, position, token }] of pending.entries()) {
        passes.rows.select(row);
        (work.logProbs[which] as Float32Array)[position] = passes.rows.logProb(token);
      }
    });
    batch.clear();
    pending = [];
  };
  batch.clear();
  for (const [index, [which, tokens]] of some.entries()) {
    for (let position = 1; position < tokens.length; position++) {
      if (pending.length === rowsTogether) await flush();
      batch.add(tokens[position - 1] as number, work.prompt.length + position - 1, first + index, true);
      pending.push({ which, position, token: tokens[position] as number });
    }
  }
  await flush();
}
