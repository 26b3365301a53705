import type { ModelLane } from './model-lane.ts';

/** Hidden states [rows × width] on their way through the head. */
export interface HeadPass {
  readonly hidden: Float32Array;
  /** Rows that matter; those behind them are padding. */
  readonly rows: number;
  /** Whether `backward` will be called. */
  readonly trained: boolean;
}

/** Rows `first` to `end` (exclusive) with their logits [rows × vocabulary], which are valid until the next block. */
export interface HeadBlock {
  readonly first: number;
  readonly end: number;
  readonly logits: Float32Array;
  /** Writes the block's part of dLoss/dHidden [rows × width] into the whole, from dLoss/dLogits of the block. Once. */
  readonly backward: (gradient: Float32Array, whole: Float32Array) => Promise<void>;
}

/** Computes logits some rows at a time and hands them to `visit`: those of all rows would be too large where the vocabulary is. */
export async function eachHeadBlock(
  member: ModelLane,
  { hidden, rows, trained }: HeadPass,
  visit: (block: HeadBlock) => Promise<void>,
): Promise<void> {
  const { width } = member.model;
  const head = member.head(hidden.length / width, trained);
  for (let first = 0; first < rows; first += head.rows) {
    const end = Math.min(rows, first + head.rows);
    const logits = await head.graph.forward(hidden.subarray(first * width, end * width));
    await visit({
      first,
      end,
      logits,
      backward: (gradient, whole) => head.graph.backward(gradient, whole.subarray(first * width, end * width)),
    });
  }
}
