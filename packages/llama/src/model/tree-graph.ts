import { RedQueenError } from '@redqueen/core';
import { graphs, ops, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { download, newContext, upload } from '../ffi/tensor.ts';
import type { Kept, Lane } from '../engine/lane.ts';
import { Tape } from '../tape/tape.ts';
import { treeAttention } from './attention.ts';
import type { GraphWeights } from './graph-weights.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import type { ParameterBlock } from './parameter-block.ts';
import type { TreeInputs, TreeShape } from './tree-batch.ts';
import { Transformer } from './transformer.ts';

/** Where the weights of a graph come from, and where its gradients go (null: forward only). */
export interface GraphPlan {
  readonly weights: () => GraphWeights;
  readonly trained: ParameterBlock | null;
}

interface Built {
  readonly context: Pointer;
  readonly generation: number;
  readonly tokens: Pointer;
  readonly positions: Pointer;
  readonly mask: Pointer;
  readonly rows: Pointer;
  readonly seed: Pointer | null;
  readonly logits: Pointer;
  readonly forward: Pointer;
  readonly backward: Pointer | null;
}

/** Tensors a layer needs with its gradients, generously. */
const tensorsPerLayer = 460;

/** A graph over a batch of prefix trees: logits forward, and parameter gradients from dLoss/dLogits backward. */
export class TreeGraph implements Kept {
  readonly #lane: Lane;
  readonly #model: HyperParameters;
  readonly #shape: TreeShape;
  readonly #plan: GraphPlan;
  #built: Built | null = null;

  constructor(lane: Lane, model: HyperParameters, shape: TreeShape, plan: GraphPlan) {
    this.#lane = lane;
    this.#model = model;
    this.#shape = shape;
    this.#plan = plan;
  }

  /** Logits of the wanted rows, [rows × vocabulary]; valid until the lane's next pass. */
  async forward(inputs: TreeInputs): Promise<Float32Array> {
    const built = this.#current();
    // The allocator reuses the memory of inputs after their last use, so all of them are uploaded every time.
    upload(built.tokens, inputs.tokens);
    upload(built.positions, inputs.positions);
    upload(built.mask, inputs.mask);
    upload(built.rows, inputs.rows);
    await this.#lane.compute(built.forward);
    return download(built.logits, this.#lane.numbers('logits', this.#shape.rows * this.#model.vocabulary));
  }

  /** Writes the gradients of the trained block. Once after each `forward`, with dLoss/dLogits [rows × vocabulary]. */
  async backward(gradient: Float32Array): Promise<void> {
    const built = this.#built;
    if (built === null || built.seed === null || built.backward === null || built.generation !== this.#lane.generation) {
      throw new RedQueenError('internal', 'llama: backward without a forward pass of the same graph');
    }
    upload(built.seed, gradient);
    await this.#lane.compute(built.backward);
  }

  dispose(): void {
    if (this.#built !== null) tensors.free(this.#built.context);
    this.#built = null;
  }

  #current(): Built {
    if (this.#built !== null && this.#built.generation === this.#lane.generation) return this.#built;
    this.dispose();
    this.#built = this.#build();
    return this.#built;
  }

  #build(): Built {
    const { bins, slots, rows } = this.#shape;
    const model = this.#model;
    const columns = bins * slots;
    const nodes = 256 + tensorsPerLayer * model.layers;
    const context = newContext(nodes, 3 * Number(tensors.graphOverhead(nodes, false)));
    const tokens = tensors.new1d(context, TensorType.i32, columns);
    const positions = tensors.new1d(context, TensorType.i32, columns);
    const mask = tensors.new4d(context, TensorType.f32, slots, (slots * model.heads) / model.keyValueHeads, 1, bins);
    const wanted = tensors.new1d(context, TensorType.i32, rows);
    for (const input of [tokens, positions, mask, wanted]) tensors.setInput(input);
    const tape = new Tape(context);
    const weights = this.#plan.weights();
    const attention = treeAttention(tape, model, { columns: slots, groups: bins }, mask);
    const logits = new Transformer(tape, model, weights).logits({ tokens, positions, columns, rows: wanted }, attention);
    tensors.setOutput(logits.tensor);
    const whole = graphs.create(context, nodes, false);
    graphs.expand(whole, logits.tensor);
    const forwardNodes = graphs.nodeCount(whole);
    const trained = this.#plan.trained;
    let seed: Pointer | null = null;
    if (trained !== null) {
      seed = tensors.new2d(context, TensorType.f32, model.vocabulary, rows);
      tensors.setInput(seed);
      tape.backward(logits, seed);
      for (const [name, leaf] of weights.trained) {
        const views = trained.get(name);
        if (leaf.gradient === null || views === undefined) throw new RedQueenError('internal', `llama: no gradient reaches ${name}`);
        graphs.expand(whole, ops.copy(context, leaf.gradient, views.gradient));
      }
    }
    this.#lane.place(whole);
    const [forward, backward] = splitAt(context, whole, forwardNodes, nodes);
    return {
      context,
      tokens,
      positions,
      mask,
      rows: wanted,
      seed,
      logits: logits.tensor,
      forward,
      backward: trained === null ? null : backward,
      generation: this.#lane.generation,
    };
  }
}

/** One allocation, two graphs: the loss is computed between them. */
function splitAt(context: Pointer, whole: Pointer, count: number, capacity: number): readonly [Pointer, Pointer] {
  const first = graphs.create(context, capacity, false);
  const second = graphs.create(context, capacity, false);
  for (let index = 0; index < graphs.nodeCount(whole); index++) graphs.addNode(index < count ? first : second, graphs.node(whole, index));
  return [first, second];
}
