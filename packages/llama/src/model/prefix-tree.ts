// The shared-prompt layout: a prompt once, then one slot for every distinct prefix of its continuations. Eight samples of a short answer share
// their prompt and often their first tokens; computing each distinct prefix once gives the same logits and gradients for a fraction of the work.

/** A prompt and its continuations as a tree of slots. */
export interface PrefixTree {
  /** Token of each slot: the prompt's, then one a distinct prefix. */
  readonly tokens: Int32Array;
  /** Position of each slot in its sequence. */
  readonly positions: Int32Array;
  /** The slot before each slot; −1 for the first. */
  readonly parents: Int32Array;
  /** The slots whose logits are needed, ascending. */
  readonly outputs: Int32Array;
  /** For each continuation and each of its tokens: index into `outputs` of the slot that predicts it. */
  readonly predictors: readonly Int32Array[];
}

/** Lays out a prompt (at least one token) and its continuations. A continuation's last token is predicted but has no slot. */
export function prefixTree(prompt: Int32Array, continuations: readonly Int32Array[]): PrefixTree {
  const tokens: number[] = [...prompt];
  const positions: number[] = tokens.map((_, index) => index);
  const parents: number[] = tokens.map((_, index) => index - 1);
  const children = new Map<number, Map<number, number>>();
  const outputOf = new Map<number, number>();
  const output = (slot: number): number => {
    const index = outputOf.get(slot) ?? outputOf.size;
    outputOf.set(slot, index);
    return index;
  };
  const child = (parent: number, token: number): number => {
    let byToken = children.get(parent);
    if (byToken === undefined) children.set(parent, (byToken = new Map()));
    let slot = byToken.get(token);
    if (slot === undefined) {
      slot = tokens.push(token) - 1;
      positions.push((positions[parent] as number) + 1);
      parents.push(parent);
      byToken.set(token, slot);
    }
    return slot;
  };
  const predictors = continuations.map((continuation) => {
    let slot = prompt.length - 1;
    return continuation.map((token, index) => {
      const predictor = output(slot);
      if (index + 1 < continuation.length) slot = child(slot, token);
      return predictor;
    });
  });
  return {
    tokens: Int32Array.from(tokens),
    positions: Int32Array.from(positions),
    parents: Int32Array.from(parents),
    outputs: Int32Array.from(outputOf.keys()),
    predictors,
  };
}
