import { RedQueenError } from '@redqueen/core';
import { backends, graphs, ops, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { download, newContext, upload } from '../ffi/tensor.ts';
import type { Kept, Lane } from '../engine/lane.ts';
import { Tape } from '../tape/tape.ts';
import { treeAttention } from './attention.ts';
import { Breather } from './breather.ts';
import type { GraphWeights } from './graph-weights.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import type { ParameterBlock } from './parameter-block.ts';
import { exceeds, type TreeInputs, type TreeShape } from './tree-batch.ts';
import { Transformer } from './transformer.ts';

/** Where the weights of a graph come from, what it gives, and where its gradients go (null: forward only). */
export interface GraphPlan {
  readonly weights: () => GraphWeights;
  /** Logits, or only what the layers make of the wanted columns, for a head of its own. */
  readonly output: 'logits' | 'hidden';
  readonly trained: ParameterBlock | null;
  /** Where forward and backward together would need more memory than this, the layers are computed again in the backward pass. */
  readonly activationBytes: number;
}

interface Draft {
  readonly context: Pointer;
  readonly tokens: Pointer;
  readonly positions: Pointer;
  readonly mask: Pointer;
  /** Null where the layers that see a window use the same mask as the others. */
  readonly localMask: Pointer | null;
  readonly rows: Pointer;
  readonly seed: Pointer | null;
  readonly output: Pointer;
  readonly whole: Pointer;
  readonly forwardNodes: number;
  readonly nodes: number;
  readonly checkpoints: boolean;
}

interface Built extends Draft {
  readonly generation: number;
  readonly forward: Pointer;
  readonly backward: Pointer | null;
}

/** Numbers of a mask that are copied at once. */
const pieceNumbers = 4 << 20;
/** Tensors a layer needs with its gradients, generously. */
const tensorsPerLayer = 600;

/** A graph over a batch of prefix trees: its output forward, and parameter gradients from dLoss/dOutput backward. */
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

  /** Numbers in a row of the output. */
  get width(): number {
    return this.#plan.output === 'logits' ? this.#model.vocabulary : this.#model.width;
  }

  /** Whether the backward pass computes the layers again. */
  get checkpoints(): boolean {
    return this.#built?.checkpoints === true;
  }

  /** The output of the wanted rows, [rows × width]; valid until the lane's next pass. */
  async forward(inputs: TreeInputs): Promise<Float32Array> {
    const built = this.#current();
    // The allocator reuses the memory of inputs after their last use, so all of them are uploaded every time.
    upload(built.tokens, inputs.tokens);
    upload(built.positions, inputs.positions);
    await uploadPieces(built.mask, inputs.mask);
    if (built.localMask !== null && inputs.localMask !== null) await uploadPieces(built.localMask, inputs.localMask);
    upload(built.rows, inputs.rows);
    await this.#lane.compute(built.forward);
    return download(built.output, this.#lane.numbers(this.#plan.output, this.#shape.rows * this.width));
  }

  /** Writes the gradients of the trained block. Once after each `forward`, with dLoss/dOutput [rows × width]. */
  async backward(gradient: Float32Array): Promise<void> {
    const built = this.#built;
    if (built === null || built.seed === null || built.backward === null || built.generation !== this.#lane.scratch.generation) {
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
    if (this.#built !== null && this.#built.generation === this.#lane.scratch.generation) return this.#built;
    this.dispose();
    this.#built = this.#place(this.#build(false)) ?? this.#place(this.#build(true));
    if (this.#built === null) throw new RedQueenError('internal', 'llama: a graph with checkpoints was not placed');
    return this.#built;
  }

  /** Null, and the draft freed, where it needs more memory than the bound and checkpoints could help. */
  #place(draft: Draft): Built | null {
    const { scratch } = this.#lane;
    const { context, whole, forwardNodes, nodes, seed, checkpoints } = draft;
    if (seed !== null && !checkpoints && scratch.needed(whole) > this.#plan.activationBytes) {
      tensors.free(context);
      return null;
    }
    scratch.place(whole);
    const [forward, backward] = splitAt(context, whole, forwardNodes, nodes);
    return { ...draft, forward, backward: seed === null ? null : backward, generation: scratch.generation };
  }

  #build(checkpoints: boolean): Draft {
    const { bins, slots, rows } = this.#shape;
    const model = this.#model;
    const columns = bins * slots;
    const nodes = 256 + tensorsPerLayer * model.layers;
    const context = newContext(nodes, 3 * Number(tensors.graphOverhead(nodes, false)));
    const tokens = tensors.new1d(context, TensorType.i32, columns);
    const positions = tensors.new1d(context, TensorType.i32, columns);
    const newMask = (): Pointer => tensors.new4d(context, TensorType.f32, slots, slots, 1, bins);
    const mask = newMask();
    const localMask = exceeds(this.#shape, model.slidingWindow) ? newMask() : null;
    const wanted = tensors.new1d(context, TensorType.i32, rows);
    for (const input of [tokens, positions, mask, wanted, ...(localMask === null ? [] : [localMask])]) tensors.setInput(input);
    const tape = new Tape(context);
    const weights = this.#plan.weights();
    const transformer = new Transformer(tape, model, weights);
    const hidden = transformer.hidden(
      { tokens, positions, columns, rows: wanted },
      treeAttention(model, { columns: slots, groups: bins }, { whole: mask, local: localMask ?? mask }),
      checkpoints,
    );
    const output = this.#plan.output === 'logits' ? transformer.head(hidden) : hidden;
    tensors.setOutput(output.tensor);
    const whole = graphs.create(context, nodes, false);
    // A mask that no layer uses needs a place too.
    for (const used of localMask === null ? [mask] : [mask, localMask]) graphs.expand(whole, used);
    graphs.expand(whole, output.tensor);
    const forwardNodes = graphs.nodeCount(whole);
    const seed = this.#plan.trained === null ? null : tensors.new2d(context, TensorType.f32, this.width, rows);
    if (seed !== null) {
      tensors.setInput(seed);
      tape.backward(output, seed);
      this.#expandGradients(context, whole, weights);
    }
    return {
      context,
      tokens,
      positions,
      mask,
      localMask,
      rows: wanted,
      seed,
      output: output.tensor,
      whole,
      forwardNodes,
      nodes,
      checkpoints,
    };
  }

  /** The last layer's gradients first: in any other order, layers that are computed again would all be in memory at once. */
  #expandGradients(context: Pointer, whole: Pointer, weights: GraphWeights): void {
    for (const [name, leaf] of [...weights.trained].toReversed()) {
      const views = this.#plan.trained?.get(name);
      if (leaf.gradient === null || views === undefined) throw new RedQueenError('internal', `llama: no gradient reaches ${name}`);
      graphs.expand(whole, ops.copy(context, leaf.gradient, views.gradient));
    }
  }
}

/** `upload` in pieces, between which the event loop goes on. */
async function uploadPieces(tensor: Pointer, data: Float32Array): Promise<void> {
  const breather = new Breather();
  for (let first = 0; first < data.length; first += pieceNumbers) {
    const piece = data.subarray(first, first + pieceNumbers);
    backends.set(tensor, piece, 4 * first, piece.byteLength);
    if (breather.due(piece.length)) await breather.pause();
  }
}

/** One allocation, two graphs: the loss is computed between them. */
function splitAt(context: Pointer, whole: Pointer, count: number, capacity: number): readonly [Pointer, Pointer] {
  const first = graphs.create(context, capacity, false);
  const second = graphs.create(context, capacity, false);
  for (let index = 0; index < graphs.nodeCount(whole); index++) graphs.addNode(index < count ? first : second, graphs.node(whole, index));
  return [first, second];
}
