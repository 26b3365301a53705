import { RedQueenError } from '@redqueen/core';
import { graphs, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { download, newContext, upload } from '../ffi/tensor.ts';
import type { Kept, Lane } from '../engine/lane.ts';
import { Tape, type Variable } from '../tape/tape.ts';
import type { GraphWeights } from './graph-weights.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import { Transformer } from './transformer.ts';

/** Bytes of logits computed together at most, however large the vocabulary. */
const mostBytes = 16 << 20;
const rowStep = 16;

/**
 * Rows of logits computed together, of `rows` in all and in `bytes` of memory where 16 rows fit: logits of all rows at once would be the largest
 * tensor of all where the vocabulary is large.
 */
export function headRows(vocabulary: number, rows: number, bytes: number): number {
  const fitting = Math.floor(Math.min(mostBytes, bytes) / (4 * vocabulary * rowStep)) * rowStep;
  return Math.min(rows, Math.max(rowStep, fitting));
}

interface Built {
  readonly context: Pointer;
  readonly generation: number;
  readonly input: Pointer;
  readonly logits: Pointer;
  readonly forward: Pointer;
  /** Null for a head without gradients. */
  readonly backward: { readonly graph: Pointer; readonly seed: Pointer; readonly gradient: Pointer } | null;
}

const capacity = 32;

/** The last norm and the matrix of a model, from what the layers made to logits and back. The head is never trained. */
export class HeadGraph implements Kept {
  readonly #lane: Lane;
  readonly #model: HyperParameters;
  readonly #rows: number;
  readonly #trained: boolean;
  readonly #weights: () => GraphWeights;
  #built: Built | null = null;

  /** `trained`: whether there is a backward pass. */
  constructor(lane: Lane, model: HyperParameters, rows: number, trained: boolean, weights: () => GraphWeights) {
    this.#lane = lane;
    this.#model = model;
    this.#rows = rows;
    this.#trained = trained;
    this.#weights = weights;
  }

  /** Logits [n × vocabulary] of n ≤ `rows` rows of hidden states [n × width]; valid until the lane's next head. */
  async forward(hidden: Float32Array): Promise<Float32Array> {
    const built = this.#current();
    const { width, vocabulary } = this.#model;
    upload(built.input, hidden);
    await this.#lane.compute(built.forward);
    return download(built.logits, this.#lane.numbers('logits', (hidden.length / width) * vocabulary));
  }

  /** dLoss/dHidden into `target` [n × width] from dLoss/dLogits [n × vocabulary]; once after each `forward`. */
  async backward(gradient: Float32Array, target: Float32Array): Promise<void> {
    const built = this.#built;
    if (!built?.backward || built.generation !== this.#lane.headScratch.generation)
      throw new RedQueenError('internal', 'llama: backward without a forward pass of the same head');
    upload(built.backward.seed, gradient);
    await this.#lane.compute(built.backward.graph);
    download(built.backward.gradient, target);
  }

  dispose(): void {
    if (this.#built !== null) tensors.free(this.#built.context);
    this.#built = null;
  }

  #current(): Built {
    if (this.#built?.generation === this.#lane.headScratch.generation) return this.#built;
    this.dispose();
    this.#built = this.#build();
    return this.#built;
  }

  #build(): Built {
    const context = newContext(capacity, 3 * Number(tensors.graphOverhead(capacity, false)));
    const input = tensors.new2d(context, TensorType.f32, this.#model.width, this.#rows);
    tensors.setInput(input);
    const tape = new Tape(context);
    const hidden = tape.leaf(input, this.#trained);
    const logits = new Transformer(tape, this.#model, this.#weights()).head(hidden);
    tensors.setOutput(logits.tensor);
    const [whole, forward] = [0, 1].map(() => graphs.create(context, capacity, false)) as [Pointer, Pointer];
    graphs.expand(whole, logits.tensor);
    const forwardNodes = graphs.nodeCount(whole);
    for (let index = 0; index < forwardNodes; index++) graphs.addNode(forward, graphs.node(whole, index));
    const backward = this.#trained ? this.#backward(context, whole, tape, hidden, logits) : null;
    this.#lane.headScratch.place(whole);
    return { context, input, logits: logits.tensor, forward, backward, generation: this.#lane.headScratch.generation };
  }

  /** Adds the gradient of the hidden states to the graph that is placed, and gives a graph of that part alone. */
  #backward(context: Pointer, whole: Pointer, tape: Tape, hidden: Variable, logits: Variable): Built['backward'] {
    const first = graphs.nodeCount(whole);
    const seed = tensors.new2d(context, TensorType.f32, this.#model.vocabulary, this.#rows);
    tensors.setInput(seed);
    tape.backward(logits, seed);
    const gradient = hidden.gradient as Pointer;
    tensors.setOutput(gradient);
    graphs.expand(whole, gradient);
    const graph = graphs.create(context, capacity, false);
    for (let index = first; index < graphs.nodeCount(whole); index++) graphs.addNode(graph, graphs.node(whole, index));
    return { graph, seed, gradient };
  }
}
