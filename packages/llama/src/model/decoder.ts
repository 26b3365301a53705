import { RedQueenError } from '@redqueen/core';
import { backends, graphs, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { download, newContext, upload } from '../ffi/tensor.ts';
import type { Kept, Lane } from '../engine/lane.ts';
import { Tape } from '../tape/tape.ts';
import { cachedAttention, type LayerCache } from './attention.ts';
import type { GraphWeights } from './graph-weights.ts';
import type { HyperParameters } from './hyper-parameters.ts';
import { Transformer } from './transformer.ts';

/** Shape of a batch that is sampled together: `groups` prompts padded on the left to `prompt` slots, `samples` answers each of at most `answer` tokens. */
export interface DecoderShape {
  readonly groups: number;
  readonly prompt: number;
  readonly samples: number;
  readonly answer: number;
}

interface Step {
  readonly context: Pointer;
  readonly generation: number;
  readonly tokens: Pointer;
  readonly positions: Pointer;
  readonly mask: Pointer;
  readonly rows: Pointer | null;
  readonly logits: Pointer;
  readonly graph: Pointer;
  readonly logitRows: number;
}

const tensorsPerLayer = 110;
const slotStep = 16;
/** Graphs of steps that a decoder keeps. Long answers build theirs anew, which is cheap beside computing them. */
const keptSteps = 32;

/** Attention over a multiple of 16 slots: ggml's matrix kernels take a slow path for other lengths. */
function alignSlots(slots: number): number {
  return Math.ceil(slots / slotStep) * slotStep;
}

/**
 * Samples with a key-value cache: the prompt is computed once a group, then one token of every sample a step.
 * Step 0 takes the prompts and gives one row of logits a group; step j takes the j-th sampled tokens and gives one row a sample.
 */
export class Decoder implements Kept {
  readonly #lane: Lane;
  readonly #model: HyperParameters;
  readonly #shape: DecoderShape;
  readonly #weights: () => GraphWeights;
  readonly #steps = new Map<number, Step>();
  readonly #caches: readonly LayerCache[];
  readonly #cacheContext: Pointer;
  readonly #cacheBuffer: Pointer;

  constructor(lane: Lane, model: HyperParameters, shape: DecoderShape, weights: () => GraphWeights) {
    this.#lane = lane;
    this.#model = model;
    this.#shape = shape;
    this.#weights = weights;
    this.#cacheContext = newContext(2 * model.layers);
    const { headSize, keyValueHeads } = model;
    this.#caches = Array.from({ length: model.layers }, () => ({
      keys: tensors.new4d(this.#cacheContext, TensorType.f32, headSize, this.slots, keyValueHeads, shape.groups),
      values: tensors.new4d(this.#cacheContext, TensorType.f32, this.slots, headSize, keyValueHeads, shape.groups),
    }));
    const buffer = backends.allocateContext(this.#cacheContext, lane.backend);
    if (buffer === null)
      throw new RedQueenError('resource_exhausted', 'llama: no memory for the key-value cache; ask for fewer samples or shorter answers');
    this.#cacheBuffer = buffer;
    // Slots that no step has written are masked, but 0 · NaN would still be NaN.
    backends.clearBuffer(buffer, 0);
  }

  /** Slots of a group: the prompt's and those of all answers but their last tokens, rounded up. */
  get slots(): number {
    return alignSlots(this.#shape.prompt + this.#shape.samples * (this.#shape.answer - 1));
  }

  /** First new slot, new slots, and slots to attend over (rounded up; the mask hides the rest) of a step, per group. */
  span(step: number): { readonly first: number; readonly columns: number; readonly known: number } {
    const { prompt, samples } = this.#shape;
    const first = step === 0 ? 0 : prompt + (step - 1) * samples;
    const columns = step === 0 ? prompt : samples;
    return { first, columns, known: alignSlots(first + columns) };
  }

  /** Computes a step; tokens and positions [groups × columns], mask [known, columns, 1, groups]. Returns logits [rows × vocabulary], valid until the lane's next pass. */
  async step(index: number, tokens: Int32Array, positions: Int32Array, mask: Float32Array): Promise<Float32Array> {
    const step = this.#current(index);
    upload(step.tokens, tokens);
    upload(step.positions, positions);
    upload(step.mask, mask);
    if (step.rows !== null)
      upload(
        step.rows,
        Int32Array.from({ length: this.#shape.groups }, (_, group) => (group + 1) * this.#shape.prompt - 1),
      );
    await this.#lane.compute(step.graph);
    return download(step.logits, this.#lane.numbers('logits', step.logitRows * this.#model.vocabulary));
  }

  dispose(): void {
    for (const step of this.#steps.values()) tensors.free(step.context);
    this.#steps.clear();
    backends.freeBuffer(this.#cacheBuffer);
    tensors.free(this.#cacheContext);
  }

  #current(index: number): Step {
    const known = this.#steps.get(index);
    if (known?.generation === this.#lane.scratch.generation) return known;
    const built = this.#build(index);
    if (known !== undefined) tensors.free(known.context);
    this.#steps.delete(index);
    this.#steps.set(index, built);
    if (this.#steps.size > keptSteps) this.#forgetOldest();
    return built;
  }

  #forgetOldest(): void {
    const [oldest, step] = this.#steps.entries().next().value as [number, Step];
    this.#steps.delete(oldest);
    tensors.free(step.context);
  }

  #build(index: number): Step {
    const { groups } = this.#shape;
    const model = this.#model;
    const { first, columns, known } = this.span(index);
    const nodes = 128 + tensorsPerLayer * model.layers;
    const context = newContext(nodes, Number(tensors.graphOverhead(nodes, false)));
    const tokens = tensors.new1d(context, TensorType.i32, groups * columns);
    const positions = tensors.new1d(context, TensorType.i32, groups * columns);
    const mask = tensors.new4d(context, TensorType.f32, known, columns, 1, groups);
    const rows = index === 0 ? tensors.new1d(context, TensorType.i32, groups) : null;
    for (const input of rows === null ? [tokens, positions, mask] : [tokens, positions, mask, rows]) tensors.setInput(input);
    const graph = graphs.create(context, nodes, false);
    const tape = new Tape(context);
    const step = { caches: this.#caches, slots: this.slots, groups, first, columns, known };
    const attention = cachedAttention({ context, graph }, model, step, mask);
    const logits = new Transformer(tape, model, this.#weights()).logits({ tokens, positions, columns: groups * columns, rows }, attention);
    tensors.setOutput(logits.tensor);
    graphs.expand(graph, logits.tensor);
    this.#lane.scratch.place(graph);
    return {
      context,
      tokens,
      positions,
      mask,
      rows,
      logits: logits.tensor,
      graph,
      logitRows: rows === null ? groups * columns : groups,
      generation: this.#lane.scratch.generation,
    };
  }
}
